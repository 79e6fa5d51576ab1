// Package images reads pictures from wherever people keep them and turns generated arrays back into pictures.
//
// A path goes in: a folder of pictures, an archive of one, MNIST's IDX files, CIFAR-10's binary batches or NumPy arrays. Scan
// looks at everything once and says what is there (a Survey); Load makes all of it pictures of one size, keeps them in a
// cache on disk, and returns a data.Set whose fields are "pictures" ([side, side, channels], in [-1, 1]) and, where there are
// two classes or more, "labels". A Codec goes the other way: arrays in, pictures, contact sheets, animations and .npz out.
//
// The package does not know what a model does with pictures, which sets come with the project (package sets does), or where
// a run keeps its files.
package images

// The order of work, one file a step:
//
//	container.go   folder, zip, tar, single file  -> named files
//	survey.go      named files                    -> Survey: what is there, by name
//	arrays.go      IDX, CIFAR-10, NumPy           -> arrays of pictures with labels
//	layout.go      names, label files             -> split and class of every picture
//	decode.go      the bytes of one file          -> upright picture, within limits
//	prepare.go     picture                        -> side x side x channels bytes
//	store.go       those bytes                    -> cache on disk, or memory
//	load.go        all of it                      -> data.Set
//	codec.go       what a generator made          -> pictures again
