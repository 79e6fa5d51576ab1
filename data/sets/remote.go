package sets

import (
	"embed"
	"net/url"
	"path"
	"strings"
)

//go:embed manifests
var manifests embed.FS

// remote is a set that can be fetched.
type remote struct {
	Info
	items  []item
	extras map[string]string // small files that we write beside them: the names of the classes
}

// item is one file of a remote set.
type item struct {
	path string   // in the set's folder
	urls []string // mirrors, the best first
	sum  string   // SHA-256 of the content, unpacked if the file is gzip; empty where we have no original to take it from
}

// groupsCredit is for the classes of every set of emoji.
const groupsCredit = "; groups from emoji-data, Copyright (c) 2013 Cal Henderson"

// remotes are all sets that can be fetched. The checksums are those of the originals that the project has at hand; where it has
// none there is none, and Fetch says that what it brought is unverified.
func remotes() []remote {
	digits := []string{"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"}
	return []remote{
		{
			Info: Info{
				Name:        "mnist",
				Kind:        "images",
				What:        "handwritten digits, 28 x 28 grey, 10 classes",
				Train:       60000,
				Test:        10000,
				Bytes:       11594722,
				Licence:     "CC BY-SA 3.0",
				Attribution: "MNIST by Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
				Cite:        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition, Proc. IEEE, 1998",
			},
			items: fromBases(digits, map[string]string{
				"train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
				"train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
				"t10k-images-idx3-ubyte.gz":  "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
				"t10k-labels-idx1-ubyte.gz":  "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
			},
				"https://storage.googleapis.com/cvdf-datasets/mnist/",
				"https://ossci-datasets.s3.amazonaws.com/mnist/",
				"http://yann.lecun.com/exdb/mnist/"),
		},
		{
			Info: Info{
				Name:        "fashion-mnist",
				Kind:        "images",
				What:        "clothes, 28 x 28 grey, 10 classes: all of Fashion-MNIST",
				Train:       60000,
				Test:        10000,
				Bytes:       30878551,
				Licence:     "MIT",
				Attribution: "Fashion-MNIST, Copyright (c) 2017 Zalando SE",
				Cite:        "H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, arXiv:1708.07747",
			},
			items: fromBases(digits, map[string]string{
				"train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
				"train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
				"t10k-images-idx3-ubyte.gz":  "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
				"t10k-labels-idx1-ubyte.gz":  "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
			},
				"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
				"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"),
			extras: map[string]string{"classes.txt": "T-shirt/top\nTrouser\nPullover\nDress\nCoat\nSandal\nShirt\nSneaker\nBag\nAnkle boot\n"},
		},
		{
			Info: Info{
				Name:        "kmnist",
				Kind:        "images",
				What:        "cursive Japanese characters, 28 x 28 grey, 10 classes",
				Train:       60000,
				Test:        10000,
				Licence:     "CC BY-SA 4.0",
				Attribution: "KMNIST Dataset (created by CODH), adapted from Kuzushiji Dataset (created by NIJL and others), CC BY-SA 4.0",
				Cite:        "T. Clanuwat et al., Deep Learning for Classical Japanese Literature, arXiv:1812.01718",
			},
			items:  fromBases(digits, nil, "https://codh.rois.ac.jp/kmnist/dataset/kmnist/", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
			extras: map[string]string{"classes.txt": "o\nki\nsu\ntsu\nna\nha\nma\nya\nre\nwo\n"},
		},
		{
			Info: Info{
				Name:    "cifar10",
				Kind:    "images",
				What:    "photographs, 32 x 32 colour, 10 classes",
				Train:   50000,
				Test:    10000,
				Licence: "not stated by its authors",
				Cite:    "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
			},
			items: fromBases([]string{"cifar-10-binary.tar.gz"}, nil,
				"https://www.cs.toronto.edu/~kriz/", "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/"),
		},
		{
			Info: Info{
				Name:        "fruits-100",
				Kind:        "images",
				What:        "apples, cherries and tomatoes on white, 100 x 100 colour, 3 classes: a part of Fruits-360",
				Train:       1800,
				Test:        300,
				Bytes:       12474161,
				Licence:     "CC BY-SA 4.0",
				Attribution: "Fruits-360 dataset, Copyright (c) 2017- Mihai Oltean, CC BY-SA 4.0",
				Cite:        "M. Oltean, Fruits-360 dataset, 2017-",
			},
			items: fromManifest("fruits-100", fruitURLs),
		},
		{
			Info: Info{
				Name:        "noto",
				Kind:        "images",
				What:        "emoji in Noto's design, 64 x 64 with transparency, 10 groups: the embedded set emoji as files",
				Train:       1911,
				Bytes:       6139365,
				Licence:     "Apache-2.0 (pictures), MIT (groups)",
				Attribution: "Noto Emoji by Google, Apache-2.0" + groupsCredit,
			},
			items: fromManifest("noto", func(p string) []string { return emojiURLs("google", p) }),
		},
		{
			Info: Info{
				Name:        "twemoji",
				Kind:        "images",
				What:        "emoji in Twitter's design, 64 x 64 with transparency, 10 groups; the names are those of noto",
				Train:       1911,
				Bytes:       4333672,
				Licence:     "CC BY 4.0 (pictures), MIT (groups)",
				Attribution: "Twemoji, Copyright Twitter, Inc and other contributors, CC BY 4.0" + groupsCredit,
			},
			items: fromManifest("twemoji", func(p string) []string { return emojiURLs("twitter", p) }),
		},
		{
			Info: Info{
				Name:        "openmoji",
				Kind:        "images",
				What:        "emoji in OpenMoji's design, 72 x 72 with transparency, 10 groups; the names are those of noto",
				Train:       1911,
				Licence:     "CC BY-SA 4.0 (pictures), MIT (groups)",
				Attribution: "All emojis designed by OpenMoji, the open-source emoji and icon project, CC BY-SA 4.0" + groupsCredit,
			},
			items: unverified(fromManifest("noto", openmojiURLs)),
		},
	}
}

// verified reports whether every file has a checksum.
func (r remote) verified() bool {
	for _, it := range r.items {
		if it.sum == "" {
			return false
		}
	}
	return true
}

// fromBases are files that every mirror has under the same name.
func fromBases(names []string, sums map[string]string, bases ...string) (items []item) {
	for _, name := range names {
		it := item{path: name, sum: sums[name]}
		for _, base := range bases {
			it.urls = append(it.urls, base+name)
		}
		items = append(items, it)
	}
	return items
}

// fromManifest are the files that a list in the form of sha256sum names.
func fromManifest(name string, urls func(path string) []string) (items []item) {
	raw, err := manifests.ReadFile("manifests/" + name + ".txt")
	if err != nil {
		panic("sets: " + err.Error()) // embedded above
	}
	for line := range strings.Lines(string(raw)) {
		sum, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		items = append(items, item{path: path, sum: sum, urls: urls(path)})
	}
	return items
}

// unverified takes the checksums away: the files have the same names as others and another content.
func unverified(items []item) []item {
	for i := range items {
		items[i].sum = ""
	}
	return items
}

// emojiURLs is where emoji-data 16.0.0 has the picture of a group's emoji.
func emojiURLs(design, p string) []string {
	file := path.Base(p)
	return []string{
		"https://raw.githubusercontent.com/iamcal/emoji-data/v16.0.0/img-" + design + "-64/" + file,
		"https://github.com/iamcal/emoji-data/raw/v16.0.0/img-" + design + "-64/" + file,
	}
}

// openmojiURLs is where OpenMoji 17.0.0 has it. Its names are in capitals, and have the selector FE0F in sequences alone.
func openmojiURLs(p string) []string {
	name := strings.ToUpper(strings.TrimSuffix(path.Base(p), ".png"))
	if !strings.Contains(name, "-200D-") && !strings.HasSuffix(name, "-20E3") {
		name = strings.TrimSuffix(name, "-FE0F")
	}
	return []string{
		"https://raw.githubusercontent.com/hfg-gmuend/openmoji/17.0.0/color/72x72/" + name + ".png",
		"https://github.com/hfg-gmuend/openmoji/raw/17.0.0/color/72x72/" + name + ".png",
	}
}

// fruitURLs is where Fruits-360's "3-body problem" has a picture, at the commit that ours are from: train/apple/apple-red-2_r0_1_100.jpg
// is Training/Apple/Apple Red 2/r0_1_100.jpg there.
func fruitURLs(p string) []string {
	part, rest, _ := strings.Cut(p, "/")
	class, file, _ := strings.Cut(rest, "/")
	variety, picture, _ := strings.Cut(file, "_")
	words := strings.Split(variety, "-")
	for i, w := range words {
		if w != "worm" {
			words[i] = capital(w)
		}
	}
	folder := map[string]string{"train": "Training", "test": "Test"}[part]
	place := (&url.URL{Path: path.Join(folder, capital(class), strings.Join(words, " "), picture)}).EscapedPath()
	const repo, commit = "fruits-360/fruits-360-3-body-problem/", "f0f029370699ac3317e66d09878cf537af67a3ae/"
	return []string{
		"https://raw.githubusercontent.com/" + repo + commit + place,
		"https://github.com/" + repo + "raw/" + commit + place,
	}
}

func capital(w string) string {
	if w == "" {
		return w
	}
	return strings.ToUpper(w[:1]) + w[1:]
}
