// The section of images: data beside the particles of each trainer.

import { grid, html, section } from "./elements.js";

export function imagesSection(report) {
  if (report.galleries.length === 0) return null;
  const panels = report.galleries.map(gallery => {
    const across = Math.ceil(Math.sqrt(gallery.count)), down = Math.ceil(gallery.count / across);
    const canvas = html("canvas", { role: "img", "aria-label": `${gallery.count} images: ${gallery.title}`,
      width: across * (gallery.width + 1) - 1, height: down * (gallery.height + 1) - 1 });
    paintGallery(canvas.getContext("2d"), gallery, across);
    return html("figure", { class: "gallery" }, html("figcaption", null, html("h3", null, gallery.title)), canvas);
  });
  return {
    draw() {},
    node: section("galleries", "Images", grid(panels),
      html("p", { class: "caption after" },
        "Data, and the particles as they stood at the end of training, not selected; one scale of grey (or colour) for all, from the least value of the data to the greatest.")),
  };
}

function paintGallery(context, { count, channels, height, width, values }, across) {
  const area = height * width;
  for (let item = 0; item < count; item++) {
    const image = context.createImageData(width, height);
    for (let index = 0; index < area; index++) {
      const value = channel => values[(item * channels + Math.min(channel, channels - 1)) * area + index];
      image.data.set([value(0), value(1), value(2), 255], 4 * index);
    }
    context.putImageData(image, (item % across) * (width + 1), Math.floor(item / across) * (height + 1));
  }
}
