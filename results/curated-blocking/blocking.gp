# Draws blocking.svg; to draw it again: gnuplot blocking.gp
data = 'blocking.csv'
output_svg = 'blocking.svg'
heading = 'The model''s block sizes reach 100 % of the fastest'
subtitle = 'GFLOP/s of 2048 x 2048 x 2048 in f32 on 1 thread; medians. FMA peak: 177.'
columns = 14
rows = 13
model_x = 10
model_y = 8
best_x = 10
best_y = 8
lowest = 56.8617528
highest = 165.887059

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

# GFLOP/s by the depth and the rows of the packed blocks: a heat map on equal steps.
# Columns: kc, mc, place of kc, place of mc, GFLOP/s, lo, hi, samples
left = 84; right = 110; top = head - 18
height = top + 30 * rows + 70
set terminal svg size width, height @svg
set output output_svg
@title_at
set lmargin at screen x(left)
set rmargin at screen x(width - right)
set tmargin at screen y(top)
set bmargin at screen y(top + 30 * rows)
unset grid
set xrange [-0.5:columns - 0.5]
set yrange [-0.5:rows - 0.5]
set xlabel "kc: depth of the blocks of A and B" textcolor rgb faint offset 0,0.2
set ylabel "mc: rows of the block of A" textcolor rgb faint offset -1,0
set palette defined (0 "#08306b", 1 "#0072B2", 2 "#9ecae1", 3 "#ffffff", 4 "#fdae6b", 5 "#D55E00")
set cblabel "GFLOP/s" textcolor rgb faint offset 1,0
set colorbox user origin screen x(width - right + 16), screen y(top + 30 * rows) size screen 16.0 / width, screen 30 * rows / real(height)
light(v) = (v - lowest) / (highest - lowest)
text_colour(v) = light(v) < 0.3 || light(v) > 0.95 ? 0xffffff : 0x222222
set object 1 rectangle from first model_x - 0.5, first model_y - 0.5 to first model_x + 0.5, first model_y + 0.5 \
    front fillstyle empty border rgb ink linewidth 3
set object 2 rectangle from first best_x - 0.46, first best_y - 0.42 to first best_x + 0.46, first best_y + 0.42 \
    front fillstyle empty border rgb "#009E73" linewidth 2.5 dashtype 2
set label 3 "framed: the model's   dashed: the fastest" at screen x(width - right), screen y(top - 10) right \
    font ",11" textcolor rgb faint
plot data skip 1 using 3:4:5:xticlabels(sprintf("%d", $1)):yticlabels(sprintf("%d", $2)) with image pixels notitle, \
     data skip 1 using 3:4:(sprintf("%.0f", $5)):(text_colour($5)) with labels font ",11" textcolor rgb variable notitle
