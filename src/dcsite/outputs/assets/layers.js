/* Layers of the map, built from the page's compact data only when they are first shown.
   All text goes into the page as text nodes; nothing here parses HTML. */
"use strict";

window.dcsite = (function () {
  /* The encoded polyline format, 3 decimals. */
  function decode(text) {
    const points = [];
    let at = 0, lat = 0, lon = 0;
    function next() {
      let shift = 0, value = 0, part;
      do {
        part = text.charCodeAt(at++) - 63;
        value |= (part & 31) << shift;
        shift += 5;
      } while (part >= 32);
      return value & 1 ? ~(value >> 1) : value >> 1;
    }
    while (at < text.length) {
      lat += next();
      lon += next();
      points.push([lat / 1000, lon / 1000]);
    }
    return points;
  }

  function rings(polygon) {
    return polygon.map((part) => part.map(decode));
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined && text !== null) made.textContent = text;
    return made;
  }

  function shown(value, unit) {
    if (value === null || value === undefined || value === "") return null;
    if (typeof value !== "number") return String(value);
    if (unit === "share") return (value * 100).toFixed(1) + " %";
    const text = value.toLocaleString("en-GB", { maximumFractionDigits: value < 10 ? 2 : 1 });
    return unit ? text + " " + unit : text;
  }

  function title(ja, en) {
    const head = element("h3", "dc-pop-title", ja || en);
    if (ja && en) head.append(" ", element("small", "", en));
    return head;
  }

  function row(ja, en, value) {
    const line = element("tr");
    const label = element("th", "", ja);
    label.append(element("small", "", en));
    line.append(label);
    const cell = element("td");
    if (typeof value === "string" && /^https?:\/\//.test(value)) {
      const link = element("a", "", new URL(value).hostname);
      link.href = value;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      cell.append(link);
    } else {
      cell.textContent = value;
    }
    line.append(cell);
    return line;
  }

  function popup(records, fields, kind, source) {
    const box = element("div", "dc-pop");
    if (kind) box.append(element("p", "dc-pop-kind", kind));
    for (const record of records) {
      box.append(title(record[0], record[1]));
      const table = element("table");
      fields.forEach(([ja, en, unit], n) => {
        const value = shown(record[n + 2], unit);
        if (value !== null) table.append(row(ja, en, value));
      });
      box.append(table);
    }
    if (source) box.append(element("p", "dc-pop-source", source));
    return box;
  }

  const POPUP = { maxWidth: 380, maxHeight: 420, className: "dc-popup" };

  /* A group that builds its members when it first comes on the map. */
  const Lazy = L.FeatureGroup.extend({
    initialize: function (build, order) {
      this._build = build;
      this.order = order;
      L.FeatureGroup.prototype.initialize.call(this, []);
    },
    onAdd: function (map) {
      if (this._build) {
        const build = this._build;
        this._build = null;
        build(this);
      }
      L.FeatureGroup.prototype.onAdd.call(this, map);
    },
  });

  /* Marks of thousands are smaller while the whole country is in view. */
  function scaled(map, group, data) {
    if (!data.scaled) return;
    let last = 1;
    function apply() {
      const zoom = map.getZoom();
      const factor = zoom < 6.5 ? 0.55 : zoom < 8 ? 0.8 : zoom < 10 ? 1 : 1.5;
      if (factor === last || !map.hasLayer(group)) return;
      last = factor;
      group.eachLayer(function (member) {
        const style = data.styles[member.styleNumber];
        member.setStyle({ weight: style.weight * factor });
        if (style.radius) member.setRadius(style.radius * factor);
      });
    }
    map.on("zoomend", apply);
    group.on("add", apply);
  }

  /* A record ends with the year from which it is in force; a member of later years is off. */
  function dated(group, data) {
    if (!data.dated) return;
    group.setYear = function (year) {
      group.year = year;
      if (group._build) return;
      group.members = group.members || group.getLayers();
      for (const member of group.members) {
        const records = member.records || [member.record];
        if (records.some((record) => record[record.length - 1] <= year)) group.addLayer(member);
        else group.removeLayer(member);
      }
    };
    group.on("add", () => group.year && group.setYear(group.year));
  }

  function points(map, data) {
    const layer = new Lazy(function (group) {
      for (const [lat, lon, style, ...records] of data.rows) {
        const marker = L.circleMarker([lat, lon], data.styles[style]);
        marker.records = records;
        marker.styleNumber = style;
        group.addLayer(marker);
      }
      group.bindPopup(
        (marker) => popup(marker.records, data.fields, data.kind, data.source), POPUP);
      group.bindTooltip(function (marker) {
        const [ja, en] = marker.records[0];
        const more = marker.records.length > 1 ? " +" + (marker.records.length - 1) : "";
        return element("span", "", (ja || en) + more);
      }, { className: "dc-tip", direction: "top" });
    }, data.order);
    scaled(map, layer, data);
    dated(layer, data);
    return layer;
  }

  function lines(map, data) {
    const layer = new Lazy(function (group) {
      for (const [style, record, paths] of data.rows) {
        const line = L.polyline(paths.map(decode), data.styles[style]);
        line.record = record;
        line.styleNumber = style;
        group.addLayer(line);
      }
      group.bindPopup((line) => popup([line.record], data.fields, data.kind, data.source), POPUP);
    }, data.order);
    scaled(map, layer, data);
    dated(layer, data);
    return layer;
  }

  function areas(map, data) {
    return new Lazy(function (group) {
      data.rows.forEach(function ([style, record, polygon]) {
        const area = L.polygon(
          rings(polygon), { ...data.styles[style], interactive: data.interactive });
        area.record = record;
        group.addLayer(area);
        if (data.named) {
          group.addLayer(L.tooltip([record[2], record[3]], {
            permanent: true, direction: "center", className: "dc-place", pane: "dc-names",
            content: element("span", "", record[0]), interactive: false,
          }));
        }
      });
      if (data.interactive) {
        group.bindPopup(
          (area) => popup([area.record], data.fields, data.kind, data.source), POPUP);
        group.bindTooltip((area) => element("span", "", area.record[0] + " " + area.record[1]),
          { sticky: true, className: "dc-tip" });
      }
    }, data.order);
  }

  function mix(ramp, score) {
    const place = Math.min(Math.max(score, 0), 1) * (ramp.length - 1);
    const low = Math.min(Math.floor(place), ramp.length - 2);
    const part = place - low;
    const channel = (hex, n) => parseInt(hex.slice(1 + 2 * n, 3 + 2 * n), 16);
    return "rgb(" + [0, 1, 2].map((n) => Math.round(
      channel(ramp[low], n) * (1 - part) + channel(ramp[low + 1], n) * part)).join(",") + ")";
  }

  /* The canvas' own hatch for what is not known; the list of layers has the same as SVG. */
  const hatch = (function () {
    const tile = element("canvas");
    tile.width = tile.height = 6;
    const pen = tile.getContext("2d");
    pen.fillStyle = "#f4f4f4";
    pen.fillRect(0, 0, 6, 6);
    pen.strokeStyle = "#8b929a";
    for (const from of [-3, 0, 3]) {
      pen.moveTo(from - 1, 7);
      pen.lineTo(from + 7, -1);
    }
    pen.lineWidth = 0.9;
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  })();

  /* One set of shapes for all criteria and themes: choosing one only paints them anew. Themes are
     numbered on from the criteria. */
  function choropleth(map, data) {
    const themes = [];
    for (const group of data.groups) {
      for (const [ja, en, values] of group.themes) themes.push({ ja, en, values, group });
    }
    const themeOf = (chosen) => themes[chosen - data.criteria.length];
    /* Colour and names of a value's class. */
    function classOf(theme, n) {
      const value = theme.values[n];
      if (value === null) return theme.group.absent;
      const found = theme.group.classes.findLast((one) => value >= one[0]);
      return found ? found.slice(1) : theme.group.absent;
    }
    function reading(theme, n) {
      const value = theme.values[n];
      const [, ja, en] = classOf(theme, n);
      if (value === null) return ja + " " + en;
      const text = value.toFixed(1) + (theme.group.unit ? " " + theme.group.unit : "");
      if (theme.group.unit) return text;
      return text + "（" + [ja.split("（")[0], en].filter(Boolean).join(" ") + "）";
    }
    function fill(group, n) {
      const theme = themeOf(group.criterion);
      if (theme) {
        const colour = classOf(theme, n)[0];
        return colour.includes("dc-hatch") ? hatch : colour;
      }
      const score = data.scores[group.criterion][n];
      return score === null ? "#d8d8d8" : mix(data.ramp, score);
    }
    function style(group, n) {
      const point = typeof data.shapes[n][0] === "number";
      return {
        fillColor: fill(group, n),
        fillOpacity: point ? 0.95 : 0.85,
        color: point ? "#33475b" : "#ffffff",
        weight: point ? 1 : 0.4,
        opacity: point ? 1 : 0.6,
        radius: 6,
      };
    }
    function content(group, n) {
      const box = element("div", "dc-pop");
      const [ja, en, prefectureJa, prefectureEn, id] = data.sites[n];
      box.append(element("p", "dc-pop-kind", "候補地 Candidate site · " + id));
      box.append(title(ja, en));
      box.append(element("p", "dc-pop-place", prefectureJa + " " + prefectureEn));
      const hazards = [];
      const chosen = themeOf(group.criterion);
      const groups = data.groups.filter((one) => chosen && one === chosen.group)
        .concat(data.groups.filter((one) => !chosen || one !== chosen.group));
      for (const one of groups) {
        const lines = element("table", "dc-hazards");
        for (const theme of themes.filter((each) => each.group === one)) {
          const line = row(theme.ja, theme.en, reading(theme, n));
          if (theme === chosen) line.className = "dc-now";
          lines.append(line);
        }
        hazards.push(element("h4", "", one.ja + " " + one.en), lines,
          element("p", "dc-pop-source", one.source));
      }
      if (chosen) box.append(...hazards);
      const scores = element("table", "dc-scores");
      data.criteria.forEach(function ([nameJa, nameEn], c) {
        const score = data.scores[c][n];
        const line = row(nameJa, nameEn, score === null ? "–" : score.toFixed(3));
        const bar = element("span", "dc-bar");
        const fill = element("i");
        fill.style.width = 100 * (score || 0) + "%";
        bar.append(fill);
        line.lastChild.append(bar);
        if (c === group.criterion) line.className = "dc-now";
        scores.append(line);
      });
      box.append(element("h4", "", "評点 Score (0–1)"), scores);
      const values = element("table");
      data.fields.forEach(function ([nameJa, nameEn, unit], f) {
        const value = shown(data.values[f][n], unit);
        if (value !== null) values.append(row(nameJa, nameEn, value));
      });
      box.append(element("h4", "", "測定値 Measured"), values);
      box.append(element("p", "dc-pop-source", data.source));
      if (!chosen) box.append(...hazards);
      return box;
    }
    const layer = new Lazy(function (group) {
      data.shapes.forEach(function (shape, n) {
        const member = typeof shape[0] === "number"
          ? L.circleMarker(shape, style(group, n))
          : L.polygon(rings(shape), style(group, n));
        member.site = n;
        group.addLayer(member);
      });
      group.bindPopup((member) => content(group, member.site), POPUP);
      group.bindTooltip(function (member) {
        const name = data.sites[member.site][0] + " ";
        const theme = themeOf(group.criterion);
        if (theme) return element("span", "", name + reading(theme, member.site));
        const score = data.scores[group.criterion][member.site];
        return element("span", "", name + (score === null ? "–" : score.toFixed(2)));
      }, { sticky: true, className: "dc-tip" });
    }, data.order);
    layer.criterion = 0;
    layer.choose = function (criterion) {
      layer.criterion = criterion;
      layer.eachLayer((member) => member.setStyle(style(layer, member.site)));
    };
    return layer;
  }

  return { points, lines, areas, choropleth, element, decode };
})();
