/* What sources with register tiles of TMK_MR rows of TMK_NRV vectors share. */
#ifndef TMK_GEMM_MICRO_TILE_H
#define TMK_GEMM_MICRO_TILE_H

/* M(n) for every number of rows, M(n, rows) for every number of vectors. */
#define EACH_ROW_2(M) M(1) M(2)
#define EACH_ROW_3(M) EACH_ROW_2(M) M(3)
#define EACH_ROW_4(M) EACH_ROW_3(M) M(4)
#define EACH_ROW_6(M) EACH_ROW_4(M) M(5) M(6)
#define EACH_ROW_7(M) EACH_ROW_6(M) M(7)
#define EACH_ROW_8(M) EACH_ROW_7(M) M(8)
#define EACH_ROW_14(M) EACH_ROW_8(M) M(9) M(10) M(11) M(12) M(13) M(14)
#define EACH_MR(M) PASTE(EACH_ROW, TMK_MR)(M)
#define EACH_VECTOR_2(M, rows) M(1, rows) M(2, rows)
#define EACH_VECTOR_3(M, rows) EACH_VECTOR_2(M, rows) M(3, rows)
#define EACH_NRV(M, rows) PASTE(EACH_VECTOR, TMK_NRV)(M, rows)

/* Rows of tiles that are three vectors wide, where others are two: M(3, rows) for each. Few
 * registers hold no more than two vectors do. */
#if TMK_VBYTES == 64
#define TMK_WIDE_MR 9
#define EACH_WIDE(M) EACH_ROW_8(M) M(9)
#else
#define TMK_WIDE_MR 0
#define EACH_WIDE(M)
#endif

/* AVX-512 multiplies by a scalar in memory without a load of its own. Compilers load a scalar that
 * is used twice into a register, and let sums wander from one to another, at a move each. With
 * every other row's multiply-adds fused with their loads, and every sum in its place, a step takes
 * 40 micro-operations instead of 50, which counts when another hardware thread shares the core, and
 * 23 loads in the time of 28. (All rows would need a third load port, and three of four leave none
 * to what is fetched.) A fused address must be a register and a constant: with two registers,
 * Intel's cores take it apart again. */
#if TMK_VBYTES == 64
#define ADD_PRODUCT(sum, a, b)                                                                     \
    __asm__(PASTE(FMA, TYPE) " " PASTE(FROM_MEMORY, TYPE) ", %2, %0"                               \
            : "+v"(sum)                                                                            \
            : "m"(*(a)), "v"(b))
#define ADD_SCALED(sum, a, b) __asm__(PASTE(FMA, TYPE) " %1, %2, %0" : "+v"(sum) : "v"(a), "v"(b))
#define FMA_f32 "vfmadd231ps"
#define FMA_f64 "vfmadd231pd"
#define FROM_MEMORY_f32 "%1%{1to16%}"
#define FROM_MEMORY_f64 "%1%{1to8%}"
#endif

#endif
