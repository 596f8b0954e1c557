# What the pictures of a run share: a panel for each direction, layers down the page.
ndirs = words(dirs); nlayers = |layers|
direction(d) = panel < 200 ? d : d eq "fwd" ? "forward (fwd)" : \
               d eq "bwd_d" ? "gradient of the data (bwd_d)" : "gradient of the weights (bwd_w)"
# The value in a column, for the rows of one direction and implementation only.
dir_column = 3; impl_column = 4
only(d, i, value) = strcol(dir_column) eq d && strcol(impl_column) eq word(impls, i) ? value : NaN

left = 28 + 6.9 * longest   # room for the layers' names
gap = 24
panel = (width - left - 24 - gap * (ndirs - 1)) / real(ndirs)
panel_left(c) = x(left + (c - 1) * (panel + gap))
panel_right(c) = x(left + (c - 1) * (panel + gap) + panel)

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
