package images

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Options say how pictures are made ready. Their keys appear as data.side, data.channels and so on. The zero value takes side
// and channels from the data, crops, lays transparency on white, tolerates no broken file, holds no picture out where there
// is no test split, and streams from the cache; the defaults in the tags are what a run has.
type Options struct {
	Side       int     `toml:"side" default:"0" min:"0" max:"1024" help:"side of the square pictures; 0 takes the model's, or the data's"`
	Channels   int     `toml:"channels" default:"0" in:"0,1,3,4" help:"1 grey, 3 colour, 4 colour and alpha; 0 takes what the data has"`
	Fit        string  `toml:"fit" default:"crop" in:"crop,letterbox" help:"how a picture that is not square becomes one: its centre, or all of it with bars"`
	Background string  `toml:"background" default:"#ffffff" free:"white, black or #rrggbb" help:"colour under transparent pixels and of letterbox bars: white, black or #rrggbb"`
	Alpha      string  `toml:"alpha" default:"lay" in:"lay,keep" help:"lay transparent pictures on the background, or keep alpha as a fourth channel"`
	Flip       bool    `toml:"flip" default:"false" help:"train on the mirror image of every picture too"`
	MaxBroken  int     `toml:"max-broken" default:"50" min:"0" help:"how many unreadable files are skipped before it is an error"`
	Holdout    float64 `toml:"holdout" default:"0.05" min:"0" below:"1" help:"part never trained on where the data has no test split (at least 100 pictures of 1000, a tenth below)"`
	Memory     int     `toml:"memory" default:"1024" min:"0" result:"same" help:"MiB of prepared pictures to hold in memory; more than that is read from the cache as needed"`
	Cache      string  `toml:"cache" default:"" free:"a folder, or none" result:"same" help:"folder of prepared pictures; empty is the user's cache folder, none turns it off"`
	Limits

	// Progress, if not nil, is told how many of the pictures are prepared. Nothing is to do where they are in the cache.
	Progress func(done, total int) `toml:"-"`
}

// Limits bound what hostile or mistaken data can cost. The zero value of each stands for its default.
type Limits struct {
	MaxPixels   int `toml:"max-pixels" default:"67108864" min:"0" help:"largest picture that is decoded, in pixels"`
	MaxUnpacked int `toml:"max-unpacked" default:"16384" min:"0" result:"same" help:"MiB that may come out of one archive or compressed file"`
}

func (l Limits) pixels() int64 {
	if l.MaxPixels == 0 {
		return 1 << 26
	}
	return int64(l.MaxPixels)
}

func (l Limits) unpacked() int64 {
	if l.MaxUnpacked == 0 {
		return 16 << 30
	}
	return int64(l.MaxUnpacked) << 20
}

// form is how every prepared picture looks: the part of the options that its bytes depend on.
type form struct {
	Side       int
	Channels   int
	Letterbox  bool
	Background color.NRGBA
	Part       part
}

func (f form) size() int { return f.Side * f.Side * f.Channels }

// form settles what the options leave open by what the survey found, and refuses what makes no sense.
func (o Options) form(s *Survey) (form, error) {
	f := form{Side: o.Side, Channels: o.Channels}
	if f.Side == 0 {
		f.Side = s.Side()
	}
	if f.Side < 1 || f.Side > 1024 {
		return f, fmt.Errorf("data.side is %d; it must be between 1 and 1024", f.Side)
	}
	switch o.Alpha {
	case "", "lay", "keep":
	default:
		return f, fmt.Errorf("data.alpha is %q; it must be lay or keep", o.Alpha)
	}
	keep := o.Alpha == "keep"
	switch {
	case f.Channels == 0 && keep:
		f.Channels = 4
	case f.Channels == 0:
		f.Channels = s.Channels()
	case f.Channels == 4 && o.Alpha == "lay" && s.Kinds.transparent() > 0:
		return f, fmt.Errorf("data.channels is 4, and data.alpha is lay, which leaves no alpha; set data.alpha to keep")
	case f.Channels != 1 && f.Channels != 3 && f.Channels != 4:
		return f, fmt.Errorf("data.channels is %d; it must be 1 (grey), 3 (colour) or 4 (colour and alpha)", f.Channels)
	case keep && f.Channels != 4:
		return f, fmt.Errorf("data.alpha is keep, which needs 4 channels, and data.channels is %d", f.Channels)
	}
	switch o.Fit {
	case "", "crop":
	case "letterbox":
		f.Letterbox = true
	default:
		return f, fmt.Errorf("data.fit is %q; it must be crop or letterbox", o.Fit)
	}
	var err error
	f.Background, err = parseColour(o.Background)
	return f, err
}

// parseColour reads white, black or #rrggbb; empty is white.
func parseColour(s string) (color.NRGBA, error) {
	switch strings.ToLower(s) {
	case "", "white":
		return color.NRGBA{255, 255, 255, 255}, nil
	case "black":
		return color.NRGBA{0, 0, 0, 255}, nil
	}
	if hex, ok := strings.CutPrefix(s, "#"); ok && len(hex) == 6 {
		if v, err := strconv.ParseUint(hex, 16, 32); err == nil {
			return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255}, nil
		}
	}
	return color.NRGBA{}, fmt.Errorf("data.background is %q; it must be white, black or #rrggbb", s)
}

// cacheFolder is where prepared pictures are kept, or "" for nowhere.
func (o Options) cacheFolder() string {
	switch o.Cache {
	case "none":
		return ""
	case "":
		base, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		return filepath.Join(base, "ganymede", "pictures")
	}
	return o.Cache
}
