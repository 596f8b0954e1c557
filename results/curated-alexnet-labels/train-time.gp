# Draws train-time.svg; to draw it again: gnuplot train-time.gp
data = 'train-time.csv'
output_svg = 'train-time.svg'
heading = '92 % of a training step of alexnet-mnist is inside the kernels'
subtitle = 'A step of 10 images takes 434 ms on average: blocked, f32, 2 threads.'
rows = 24

# What every picture shares. Above stand the variables of one picture, written by tilemark; below
# follows the picture's own template, which sets height, subtitle, terminal and output. Pixels are
# turned into screen coordinates here.
set encoding utf8
set datafile separator comma
set datafile missing NaN
svg = 'font "Helvetica,Arial,sans-serif,12" background "#ffffff" noenhanced'
width = 900
ink = "#222222"; faint = "#767676"; rule = "#dddddd"; band = "#f4f5f7"
# Colour and form of series i of a picture (Okabe & Ito 2008): it survives a grey printer.
hue(i) = word("#E69F00 #56B4E9 #0072B2 #CC79A7 #009E73 #D55E00 #F0E442 #000000", (i - 1) % 8 + 1)
mark(i) = int(word("7 5 9 13 11 15 6 4 8 12", (i - 1) % 10 + 1))

x(px) = px / real(width)
y(px) = 1 - px / real(height)

# Heading and subtitle at the top left, room for a legend below them.
head = 96
note = exists("note") ? note : ""
title_at = 'set label 1001 heading at screen x(14), screen y(24) left font ",17" textcolor rgb ink; \
            set label 1002 subtitle . note at screen x(14), screen y(46) left font ",12" textcolor rgb faint'
unset key
set border 0
set tics scale 0 nomirror textcolor rgb ink
set grid x linecolor rgb rule linewidth 1 linetype 1
set errorbars 0

# Three significant digits without an exponent.
short(v) = v < 1000 ? sprintf("%.3g", v) : sprintf("%.0f", v)

# Names of ticks: "10 us", "1 ms".
seconds_name(s) = s < 0.99e-6 ? sprintf("%g ns", s * 1e9) : s < 0.99e-3 ? sprintf("%g us", s * 1e6) : \
                  s < 0.99 ? sprintf("%g ms", s * 1e3) : sprintf("%g s", s)
bytes_name(b) = b < 2**10 ? sprintf("%g B", b) : b < 2**20 ? sprintf("%g KiB", b / 2**10) : \
                b < 2**30 ? sprintf("%g MiB", b / 2**20) : sprintf("%g GiB", b / 2**30)
# Ticks of a logarithmic axis from a to b that is px pixels long, each label needing `room` of them:
# 1 2 5 of every decade, or decades only, or every second one ...; `name` is a function of the value.
log_ticks = 'set xtics scale 0 ("" 1e-300); decades = log10(tick_hi / tick_lo); fine = decades < panel_px / tick_room / 3; \
    every = fine ? 1 : ceil(decades * tick_room / panel_px); \
    do for [e=floor(log10(tick_lo)):ceil(log10(tick_hi))] { do for [m=1:5] { \
        v = m * 10.0**e; \
        if ((m == 1 && e % every == 0 || fine && (m == 2 || m == 5)) && v >= tick_lo && v <= tick_hi) { \
            set xtics add (tick_name(v) v) } } }'
# "1 2 5" steps for a linear axis of about n intervals up to a
nice(a, n) = (u = a / n, p = 10.0**floor(log10(u)), m = u / p, p * (m < 1.5 ? 1 : m < 3.5 ? 2 : m < 7.5 ? 5 : 10))

# Where the time of a training step goes, a bar for each layer and operator.
# Columns: layer, operator, forward s, forward kernel s, backward s, backward kernel s, GFLOP/s, shown
pitch = 20; left = 236; right = 40; bottom = 52; top = 112
height = top + rows * pitch + bottom
set terminal svg size width, height @svg
set output output_svg
@title_at
set lmargin at screen x(left)
set rmargin at screen x(width - right)
set tmargin at screen y(top)
set bmargin at screen y(height - bottom)
ms = 1e3
stats data skip 1 using (ms * ($3 + $5)) nooutput name "bar"
set xrange [0:bar_max * 1.04]
set xtics nice(bar_max, 7)
set xlabel "ms in a step" textcolor rgb faint offset 0,0.4
set yrange [rows - 0.5:-0.5]
unset ytics
half = 0.36
forward_kernel = "#0072B2"; forward_other = "#a9cfe6"; backward_kernel = "#D55E00"; backward_other = "#f2c3a0"
set key at screen x(left), screen y(64) top left Left reverse horizontal samplen 1 width 1 textcolor rgb ink font ",11"
# Long names lose their middle.
fit(name) = strlen(name) > 32 ? name[1:12] . "…" . name[strlen(name) - 17:*] : name
# Bars count the rows that are shown, in the order of the table.
row = -1
at(shown) = shown > 0 ? (row = row + 1, row) : NaN
set style fill solid noborder
plot row = -1 data skip 1 using (0):(at($8)):(0):(ms * $4):(row - half):(row + half) with boxxyerror linecolor rgb forward_kernel title "forward, in kernels", \
    row = -1 data skip 1 using (0):(at($8)):(ms * $4):(ms * $3):(row - half):(row + half) with boxxyerror linecolor rgb forward_other title "forward, outside of them", \
    row = -1 data skip 1 using (0):(at($8)):(ms * $3):(ms * ($3 + $6)):(row - half):(row + half) with boxxyerror linecolor rgb backward_kernel title "backward, in kernels", \
    row = -1 data skip 1 using (0):(at($8)):(ms * ($3 + $6)):(ms * ($3 + $5)):(row - half):(row + half) with boxxyerror linecolor rgb backward_other title "backward, outside of them", \
    row = -1 data skip 1 using (0):(at($8)):(fit(strcol(1) . "  " . strcol(2))) with labels right offset -1,0 font ",11" textcolor rgb ink notitle
