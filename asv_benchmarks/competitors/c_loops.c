/* The C loops of the comparison: simple loops that move the same bytes as a kernel, compiled with
 * -O3 -march=native.
 *
 * All have one signature. Threads claim pieces of `piece` items from `counter` until `size` items
 * are done. `at` holds addresses, the output's last. The meaning of `number` depends on the loop
 * and is given there. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define SIGNATURE int64_t *counter, int64_t size, int64_t piece, const int64_t *at, \
                  int64_t number

#define PIECES                                                                                   \
    for (int64_t start, stop;                                                                    \
         (start = __atomic_fetch_add(counter, piece, __ATOMIC_RELAXED)) < size &&                \
         (stop = start + piece < size ? start + piece : size, 1);)

/* Mean of `number` arrays: in one pass for 2, 4 and 8 of them, else block by block. */
#define MEAN(NAME, TYPE, WIDE, FINISH)                                                           \
    void NAME(SIGNATURE) {                                                                       \
        enum { BLOCK = 1024 };                                                                   \
        WIDE total[BLOCK];                                                                       \
        const WIDE scale = (WIDE)(1.0 / (double)number);                                         \
        const int shift = __builtin_ctzll((uint64_t)number);                                     \
        TYPE *restrict out = (TYPE *)at[number];                                                 \
        const TYPE *x[8];                                                                        \
        for (int k = 0; k < 8; k++) x[k] = (const TYPE *)at[k < number ? k : 0];                 \
        const TYPE *a = x[0], *b = x[1], *c = x[2], *d = x[3];                                   \
        const TYPE *e = x[4], *f = x[5], *g = x[6], *h = x[7];                                   \
        (void)scale, (void)shift;                                                                \
        PIECES {                                                                                 \
            if (number == 2) {                                                                   \
                for (int64_t i = start; i < stop; i++) out[i] = FINISH((WIDE)(a[i] + b[i]));     \
            } else if (number == 4) {                                                            \
                for (int64_t i = start; i < stop; i++)                                           \
                    out[i] = FINISH((WIDE)(a[i] + b[i] + c[i] + d[i]));                          \
            } else if (number == 8) {                                                            \
                for (int64_t i = start; i < stop; i++)                                           \
                    out[i] = FINISH((WIDE)(a[i] + b[i] + c[i] + d[i] + e[i] + f[i] + g[i] + h[i])); \
            } else {                                                                             \
                for (int64_t s = start; s < stop; s += BLOCK) {                                  \
                    int64_t n = stop - s < BLOCK ? stop - s : BLOCK;                             \
                    for (int64_t i = 0; i < n; i++) total[i] = a[s + i];                         \
                    for (int64_t k = 1; k < number; k++) {                                       \
                        const TYPE *more = (const TYPE *)at[k];                                  \
                        for (int64_t i = 0; i < n; i++) total[i] += more[s + i];                 \
                    }                                                                            \
                    for (int64_t i = 0; i < n; i++) out[s + i] = FINISH(total[i]);               \
                }                                                                                \
            }                                                                                    \
        }                                                                                        \
    }

#define SCALED(SUM) ((SUM) * scale)
/* A shift in place of a division: `number` is a power of two in the comparison. */
#define SHIFTED(SUM) ((SUM) >> shift)
MEAN(mean_float32, float, float, SCALED)
MEAN(mean_float64, double, double, SCALED)
MEAN(mean_int32, int32_t, int32_t, SHIFTED)
MEAN(mean_int16, uint16_t, uint32_t, SHIFTED)

/* Items are bytes. */
void zero(SIGNATURE) {
    PIECES memset((char *)at[0] + start, 0, (size_t)(stop - start));
}

/* Items are arrays: address i is at[i], its size in bytes at[number + i]. */
void zero_many(SIGNATURE) {
    PIECES for (int64_t i = start; i < stop; i++) memset((char *)at[i], 0, (size_t)at[number + i]);
}

/* Items are bytes. */
void copy(SIGNATURE) {
    PIECES memcpy((char *)at[1] + start, (const char *)at[0] + start, (size_t)(stop - start));
}

/* Items are rows of `number` bytes: table, ids, output. */
void gather(SIGNATURE) {
    const int64_t *ids = (const int64_t *)at[1];
    PIECES for (int64_t i = start; i < stop; i++)
        memcpy((char *)at[2] + i * number, (const char *)at[0] + ids[i] * number, (size_t)number);
}

/* Items are ids. If they ascend, the output is set to 1. */
void ascending(SIGNATURE) {
    const int64_t *ids = (const int64_t *)at[0];
    int64_t falls = 0;
    (void)number;
    PIECES for (int64_t i = start + 1; i < stop; i++) falls += ids[i] <= ids[i - 1];
    if (falls == 0) *(int64_t *)at[1] = 1;
}

/* Items are rows of `number` bytes: rows, ids, table. */
void scatter(SIGNATURE) {
    const int64_t *ids = (const int64_t *)at[1];
    PIECES for (int64_t i = start; i < stop; i++)
        memcpy((char *)at[2] + ids[i] * number, (const char *)at[0] + i * number, (size_t)number);
}

/* Items are rows of `number` floats: rows, ids, table. Each row is subtracted from the table's. */
void subtract_rows(SIGNATURE) {
    const int64_t *ids = (const int64_t *)at[1];
    PIECES for (int64_t i = start; i < stop; i++) {
        const float *row = (const float *)at[0] + i * number;
        float *target = (float *)at[2] + ids[i] * number;
        for (int64_t j = 0; j < number; j++) target[j] -= row[j];
    }
}

/* Items are rows of the union, of `number` floats each. `at` holds the rows of all sources, the
 * index in `order` of the first occurrence of each row of the union (with one entry more at the
 * end), `order` itself, and the output. */
void merge(SIGNATURE) {
    const float *rows = (const float *)at[0];
    const int64_t *first = (const int64_t *)at[1], *order = (const int64_t *)at[2];
    PIECES for (int64_t i = start; i < stop; i++) {
        float *restrict out = (float *)at[3] + i * number;
        memcpy(out, rows + order[first[i]] * number, (size_t)number * sizeof(float));
        for (int64_t k = first[i] + 1; k < first[i + 1]; k++) {
            const float *more = rows + order[k] * number;
            for (int64_t j = 0; j < number; j++) out[j] += more[j];
        }
    }
}

/* Items are pieces of arrays. For each, `at` holds the addresses of weights, gradients and momenta,
 * and the number of elements. */
void sgd_momentum(SIGNATURE) {
    (void)number;
    PIECES for (int64_t k = start; k < stop; k++) {
        float *restrict w = (float *)at[4 * k], *restrict m = (float *)at[4 * k + 2];
        const float *restrict g = (const float *)at[4 * k + 1];
        for (int64_t i = 0; i < at[4 * k + 3]; i++) {
            m[i] = 0.9f * m[i] - 1e-3f * (g[i] + 1e-4f * w[i]);
            w[i] += m[i];
        }
    }
}

/* One element of Adam. */
#define ADAM(W, G, M, V)                                                                         \
    do {                                                                                         \
        const float slope = (G) + 1e-4f * (W);                                                   \
        (M) = 0.9f * (M) + 0.1f * slope;                                                         \
        (V) = 0.999f * (V) + 0.001f * slope * slope;                                             \
        (W) -= 1e-3f * (M) / (sqrtf(V) + 1e-8f);                                                 \
    } while (0)

/* Items are pieces of arrays. For each, `at` holds the addresses of weights, gradients, means and
 * variances, and the number of elements. */
void adam(SIGNATURE) {
    (void)number;
    PIECES for (int64_t k = start; k < stop; k++) {
        float *restrict w = (float *)at[5 * k], *restrict m = (float *)at[5 * k + 2];
        float *restrict v = (float *)at[5 * k + 3];
        const float *restrict g = (const float *)at[5 * k + 1];
        for (int64_t i = 0; i < at[5 * k + 4]; i++) ADAM(w[i], g[i], m[i], v[i]);
    }
}

/* Items are rows of `number` floats: gradients, ids, means, variances, table. */
void adam_rows(SIGNATURE) {
    const int64_t *ids = (const int64_t *)at[1];
    PIECES for (int64_t i = start; i < stop; i++) {
        const float *restrict g = (const float *)at[0] + i * number;
        float *restrict m = (float *)at[2] + ids[i] * number;
        float *restrict v = (float *)at[3] + ids[i] * number;
        float *restrict w = (float *)at[4] + ids[i] * number;
        for (int64_t j = 0; j < number; j++) ADAM(w[j], g[j], m[j], v[j]);
    }
}

/* Conversions. Types that C lacks are replaced by integers of the same width. */
#define CAST(NAME, FROM, TO)                                                                     \
    void NAME(SIGNATURE) {                                                                       \
        const FROM *source = (const FROM *)at[0];                                                \
        TO *restrict out = (TO *)at[1];                                                          \
        PIECES for (int64_t i = start; i < stop; i++) out[i] = (TO)source[i];                    \
    }
CAST(cast_4_to_2, uint32_t, uint16_t)
CAST(cast_2_to_4, uint16_t, uint32_t)
CAST(cast_4_to_1, uint32_t, uint8_t)
CAST(cast_1_to_4, uint8_t, uint32_t)
CAST(cast_float32_float64, float, double)
CAST(cast_float64_float32, double, float)
CAST(cast_float32_int32, float, int32_t)
CAST(cast_int32_float32, int32_t, float)

/* Sum of squares of floats, summed in double; at[1] gets one sum for each piece. */
void sum_of_squares(SIGNATURE) {
    enum { LANES = 64 };
    const float *source = (const float *)at[0];
    PIECES {
        double total[LANES] = {0}, sum = 0;
        int64_t i = start;
        for (; i + LANES <= stop; i += LANES)
            for (int lane = 0; lane < LANES; lane++)
                total[lane] += (double)source[i + lane] * source[i + lane];
        for (int lane = 0; lane < LANES; lane++) sum += total[lane];
        for (; i < stop; i++) sum += (double)source[i] * source[i];
        ((double *)at[1])[start / piece] = sum;
    }
}

/* Multiply floats in place by a float, whose bits are in `number`. */
void scale(SIGNATURE) {
    union { uint32_t bits; float value; } factor = {(uint32_t)number};
    float *array = (float *)at[0];
    PIECES for (int64_t i = start; i < stop; i++) array[i] *= factor.value;
}
