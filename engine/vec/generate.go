package vec

//go:generate go run -C asm . -coefficients ../coefficients.go
//go:generate go run -C asm . -family plain -out ../plain_amd64.s -stubs ../plain_amd64.go -pkg vec
//go:generate go run -C asm . -family reduce -out ../reduce_amd64.s -stubs ../reduce_amd64.go -pkg vec
//go:generate go run -C asm . -family math -out ../math_amd64.s -stubs ../math_amd64.go -pkg vec
//go:generate go run -C asm . -family memory -out ../memory_amd64.s -stubs ../memory_amd64.go -pkg vec
//go:generate go run -C asm . -family philox -out ../philox_amd64.s -stubs ../philox_amd64.go -pkg vec
//go:generate go run -C asm . -family pow -out ../pow_amd64.s -stubs ../pow_amd64.go -pkg vec
