/* The limit of each comparison: plain loops that move the same bytes. Compiled with -O3. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void mean_float32(const float **sources, int64_t count, float *out, int64_t start, int64_t stop) {
    const float scale = 1.0f / (float)count;
    const float *a = sources[0], *b = sources[count > 1], *c = sources[count > 2 ? 2 : 0],
                *d = sources[count > 3 ? 3 : 0];
    if (count == 2) {
        for (int64_t i = start; i < stop; i++) out[i] = (a[i] + b[i]) * scale;
    } else if (count == 4) {
        for (int64_t i = start; i < stop; i++) out[i] = (a[i] + b[i] + c[i] + d[i]) * scale;
    } else {
        enum { BLOCK = 4096 };
        float total[BLOCK];
        for (int64_t s = start; s < stop; s += BLOCK) {
            int64_t n = stop - s < BLOCK ? stop - s : BLOCK;
            for (int64_t i = 0; i < n; i++) total[i] = a[s + i];
            for (int64_t k = 1; k < count; k++) {
                const float *x = sources[k];
                for (int64_t i = 0; i < n; i++) total[i] += x[s + i];
            }
            for (int64_t i = 0; i < n; i++) out[s + i] = total[i] * scale;
        }
    }
}

void zero(void *out, int64_t start, int64_t stop) {
    memset((char *)out + start, 0, (size_t)(stop - start));
}

void copy(const void *source, void *out, int64_t start, int64_t stop) {
    memcpy((char *)out + start, (const char *)source + start, (size_t)(stop - start));
}

void gather(const char *table, const int64_t *ids, char *out, int64_t row, int64_t start,
            int64_t stop) {
    for (int64_t i = start; i < stop; i++) memcpy(out + i * row, table + ids[i] * row, (size_t)row);
}
