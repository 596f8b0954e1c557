# What the pictures by layer share: the loss at the left, layer 1 at the right, where the curves have
# come apart and their names stand beside them.
# Columns: case, init, layer, da, lo, hi, db, lo, hi, mean field of da, of db, bound, saturated %, lo, hi
side = 400; left = 84; right = 236
height = head - 22 + side + 64
set terminal svg size width, height @svg
set output output_svg
set lmargin at screen x(left)
set rmargin at screen x(width - right)
set tmargin at screen y(head - 22)
set bmargin at screen y(head - 22 + side)
set grid x y linecolor rgb rule linewidth 1 linetype 1
span = depth > 1 ? depth - 1 : 1
set xrange [depth + 0.02 * span:1 - 0.02 * span]
layers_apart = depth <= 12 ? 1 : int(nice(depth, 10) + 0.5)
set xtics layers_apart, layers_apart, depth - 0.6 * layers_apart
set xtics add (sprintf("%d", depth) depth, "1" 1)
set xlabel "layer, from the loss back to the input" textcolor rgb faint offset 0,0.3
# Powers of ten up the side, from y_lo to y_hi decades; 1 2 5 of each where they are few.
decade_ticks = 'set ytics scale 0 ("" y_lo - 1); few = y_hi - y_lo < 4; every = few ? 1 : int(nice(y_hi - y_lo, 8) + 0.5); \
    do for [e=floor(y_lo):ceil(y_hi)] { do for [m=1:5] { v = e + log10(m); \
        if ((few ? m != 3 && m != 4 : m == 1 && e % every == 0) && v >= y_lo && v <= y_hi) { \
            set ytics add (sprintf(few ? "%g" : "1e%.0f", few ? m * 10.0**e : v) v) } } }'
of(c, value) = $1 == c ? value : NaN

# Names at the right end of curves: push_names moves those apart that are nearer than a line of text.
# Above: nnames, y_lo, y_hi, arrays name_text, name_at (y of the curve's end), name_hue.
push_names = 'line = 17 * (y_hi - y_lo) / side; \
    do for [round=1:60] { \
        do for [a=1:nnames] { name_at[a] = name_at[a] < y_lo + line / 2 ? y_lo + line / 2 : name_at[a] }; \
        do for [a=1:nnames] { do for [b=1:nnames] { \
        if (a != b && abs(name_at[a] - name_at[b]) < 0.999 * line) { \
            shift = (line - abs(name_at[a] - name_at[b])) / 2; \
            up = name_at[a] > name_at[b] || name_at[a] == name_at[b] && a > b ? 1 : -1; \
            name_at[a] = name_at[a] + up * shift; name_at[b] = name_at[b] - up * shift } } } }; \
    do for [a=1:nnames] { if (name_at[a] == name_at[a]) { \
        set label 100+a name_text[a] at graph 1, first name_at[a] left offset 0.8,0 textcolor rgb name_hue[a] } }'
