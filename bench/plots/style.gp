# What every picture shares. Above this line stand the variables of one picture, written by tilemark;
# below it follows the picture's own template. Pixels are turned into screen coordinates here.
set encoding utf8
set datafile separator comma
set datafile missing NaN
svg = 'font "Helvetica,Arial,sans-serif,12" background "#ffffff" noenhanced'
width = 900
ink = "#222222"; faint = "#767676"; rule = "#dddddd"; band = "#f4f5f7"

ndirs = words(dirs); nimpls = words(impls); nlayers = |layers|
colour(i) = word(colours, i)
form(i) = int(word(forms, i))
direction(d) = panel < 200 ? d : d eq "fwd" ? "forward (fwd)" : \
               d eq "bwd_d" ? "gradient of the data (bwd_d)" : "gradient of the weights (bwd_w)"
legend_form(i) = form(i)
# The value in a column, for the rows of one direction and implementation only.
dir_column = 3; impl_column = 4
only(d, i, value) = strcol(dir_column) eq d && strcol(impl_column) eq word(impls, i) ? value : NaN

x(px) = px / real(width)
y(px) = 1 - px / real(height)
left = 28 + 6.9 * longest   # room for the layers' names
gap = 24
panel = (width - left - 24 - gap * (ndirs - 1)) / real(ndirs)
panel_left(c) = x(left + (c - 1) * (panel + gap))
panel_right(c) = x(left + (c - 1) * (panel + gap) + panel)

# Heading and subtitle at the top left, the legend below them.
head = 96
title_at = 'set label 1001 heading at screen x(14), screen y(24) left font ",17" textcolor rgb ink; \
            set label 1002 subtitle . note at screen x(14), screen y(46) left font ",12" textcolor rgb faint'
legend_x(i) = 24 + (i > 1 ? sum [j=1:i-1] 36 + 6.6 * strlen(word(impls, j)) : 0)
legend_at = 'set for [i=1:nimpls] label 1010+i word(impls, i) at screen x(legend_x(i)), screen y(72) \
             left offset 1.2,-0.25 font ",12" textcolor rgb ink point pointtype legend_form(i) pointsize 0.8 \
             linecolor rgb colour(i)'
unset key
set border 0
set tics scale 0 nomirror textcolor rgb ink
set grid x linecolor rgb rule linewidth 1 linetype 1
set errorbars 0

# Three significant digits without an exponent.
short(v) = v < 1000 ? sprintf("%.3g", v) : sprintf("%.0f", v)

# Layers down the page, one band each; many layers stand closer.
row = nlayers > 16 ? 8 + 5 * nimpls : 12 + 8 * nimpls
layer_axis = 'set yrange [nlayers - 0.5:-0.5]; unset ytics; \
              set for [k=0:nlayers-1:2] object k+1 rectangle from graph 0, first k-0.5 \
              to graph 1, first k+0.5 fillcolor rgb band fillstyle solid noborder behind'
layer_names = 'set for [k=1:nlayers] label k layers[k] at graph 0, first k-1 right offset -1,0 \
               textcolor rgb ink'
no_layer_names = 'unset label'
# Panels without layers down the side need no room for their names.
square_panels = 'left = 76; panel = (width - left - 24 - gap * (ndirs - 1)) / real(ndirs); \
                 side = panel < 320 ? panel : 320'
# Where implementation i of several stands inside a layer's band.
spread(i) = nimpls > 1 ? 0.66 * ((i - 1) / (nimpls - 1.0) - 0.5) : 0

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
