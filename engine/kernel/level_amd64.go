package kernel

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd asm && go run . -declarations ../tiles_amd64.go -out ../tiles_amd64.s"

var (
	sumTaps = [5]func(dst, src *float32, offsets *int, taps, pixels, dstStride, srcStride int){1: sumTaps1, 2: sumTaps2, 3: sumTaps3, 4: sumTaps4}

	avx512 = &kernels{lanes: 16, rows: 12, panel: 32, block: 48 * 1024, row: &rowAVX512, col: &colAVX512, row64: &row64AVX512, transpose: transposeAVX2, copyPanel: copyPanel32, fma: fmaAVX512, transforms: &transformsAVX512, dots: &dotsAVX512, spread: &spreadAVX512, sumTaps: &sumTaps}
	avx2   = &kernels{lanes: 8, rows: 6, panel: 16, copyTile: copyTileAVX2, block: 24 * 1024, row: &rowAVX2, col: &colAVX2, row64: &row64AVX2, transpose: transposeAVX2, copyPanel: copyPanel16, copyPanels: copyPanels16, fma: fmaAVX2, transforms: &transformsAVX2, dots: &dotsAVX2, spread: &spreadAVX2, sumTaps: &sumTaps}
)

// best returns the fastest level of this machine. The flags of package cpu include the operating system's part.
func best() Level {
	switch {
	case cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW:
		return AVX512
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return AVX2
	}
	return Portable
}

func (l Level) kernels() *kernels {
	switch l {
	case AVX512:
		return avx512
	case AVX2:
		return avx2
	}
	return portable
}
