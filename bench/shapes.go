package bench

// convolutions are the distinct shapes of four systems. A transposed convolution of a generator is the gradient by the input of one of these.
func convolutions() []conv {
	return []conv{
		// DCGAN at 64 (Radford 2015, the authors' code: 64 filters), batch 64. The generator's layers are the discriminator's, transposed.
		{"dcgan64/d1", 64, 64, 3, 64, 4, 2, 1},
		{"dcgan64/d2", 64, 32, 64, 128, 4, 2, 1},
		{"dcgan64/d3", 64, 16, 128, 256, 4, 2, 1},
		{"dcgan64/d4", 64, 8, 256, 512, 4, 2, 1},
		{"dcgan64/d5", 64, 4, 512, 1, 4, 1, 0},
		{"dcgan64/g1", 64, 4, 512, 100, 4, 1, 0},

		// WGAN-GP's ResNet for 32x32 (Gulrajani 2017, appendix C, table 3: 128 filters), batch 64.
		{"wgangp32/rgb-in", 64, 32, 3, 128, 3, 1, 1},
		{"wgangp32/32", 64, 32, 128, 128, 3, 1, 1},
		{"wgangp32/16", 64, 16, 128, 128, 3, 1, 1},
		{"wgangp32/8", 64, 8, 128, 128, 3, 1, 1},
		{"wgangp32/shortcut", 64, 16, 128, 128, 1, 1, 0},
		{"wgangp32/rgb-out", 64, 32, 128, 3, 3, 1, 1},

		// StyleGAN2 (Karras 2019, 1912.04958; configuration of the authors' PyTorch code: 32768/side channels at half width, at most 512),
		// batch 4, that of a minibatch group. Resampling layers have one more row and column, which the blur takes away.
		{"stylegan32/32", 4, 32, 512, 512, 3, 1, 1},
		{"stylegan32/resample", 4, 33, 512, 512, 3, 2, 0},
		{"stylegan32/16", 4, 16, 512, 512, 3, 1, 1},
		{"stylegan32/8", 4, 8, 512, 512, 3, 1, 1},
		{"stylegan32/4", 4, 4, 512, 512, 3, 1, 1},
		{"stylegan32/rgb", 4, 32, 3, 512, 1, 1, 0},
		{"stylegan64/64", 4, 64, 256, 256, 3, 1, 1},
		{"stylegan64/resample", 4, 65, 256, 512, 3, 2, 0},
		{"stylegan64/rgb", 4, 64, 3, 256, 1, 1, 0},

		// CycleGAN at 128 (Zhu 2017, 1703.10593, section 7.2), batch 1. Where the paper reflects, pictures come with their borders.
		{"cyclegan128/c7s1-64", 1, 134, 3, 64, 7, 1, 0},
		{"cyclegan128/d128", 1, 128, 64, 128, 3, 2, 1},
		{"cyclegan128/d256", 1, 64, 128, 256, 3, 2, 1},
		{"cyclegan128/r256", 1, 34, 256, 256, 3, 1, 0},
		{"cyclegan128/c7s1-3", 1, 134, 64, 3, 7, 1, 0},
		{"cyclegan128/c64", 1, 128, 3, 64, 4, 2, 1},
		{"cyclegan128/c128", 1, 64, 64, 128, 4, 2, 1},
		{"cyclegan128/c256", 1, 32, 128, 256, 4, 2, 1},
		{"cyclegan128/c512", 1, 16, 256, 512, 4, 1, 1},
		{"cyclegan128/score", 1, 15, 512, 1, 4, 1, 1},
	}
}
