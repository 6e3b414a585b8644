// Charts: the server draws the SVG in data space; this file moves its viewBox, labels the axes and appends live points.
