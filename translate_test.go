package ganymede

import "testing"

func TestTranslationsAreNamedAfterTheirPictures(t *testing.T) {
	for name, want := range map[string]string{"a.jpg": "a.png", "x/b.tar.png": "x/b.tar.png", "digits.npy#12": "digits-12.png", "c#.png": "c#.png", "no-ending": "no-ending.png"} {
		if got := pngName(name); got != want {
			t.Errorf("%s becomes %s, want %s", name, got, want)
		}
	}
}
