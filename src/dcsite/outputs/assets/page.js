/* The page around the map: list of layers, panel, hubs' labels, keyboard. */
"use strict";

window.dcsite.start = function (map, config) {
  const byId = (id) => document.getElementById(id);
  const base = window[config.base];
  const tiles = window[config.tiles];
  const candidates = window[config.candidates];
  const wide = window.matchMedia("(min-width: 1100px)").matches;
  const middle = window.matchMedia("(min-width: 900px)").matches;

  /* Everything but hubs and links shares one canvas; its order is set anew after a change. */
  function settle() {
    const onTiles = map.hasLayer(tiles);
    const scored = map.hasLayer(candidates);
    base.eachLayer((area) => area.setStyle && area.setStyle({
      fillOpacity: onTiles || scored ? 0 : 1,
      color: scored || onTiles ? "#6d7b86" : config.border,
      weight: scored || onTiles ? 0.8 : 0.7,
    }));
    const data = [];
    map.eachLayer((layer) => { if (layer.order !== undefined) data.push(layer); });
    const place = (layer) => (layer === base && scored ? candidates.order + 0.5 : layer.order);
    data.sort((one, other) => place(one) - place(other));
    for (const layer of data) layer.eachLayer((member) => member.setStyle && member.bringToFront());
  }

  function show(layer, on) {
    if (on) map.addLayer(layer);
    else map.removeLayer(layer);
  }

  for (const input of document.querySelectorAll("#dc-layers input[data-key]")) {
    input.addEventListener("change", function () {
      if (input.type === "radio") {
        const chosen = Number(input.value);
        if (chosen >= 0) candidates.choose(chosen);
        show(candidates, chosen >= 0);
      } else {
        show(window[input.dataset.layer], input.checked);
      }
      document.body.classList.toggle("dc-scored", map.hasLayer(candidates));
      settle();
      declutter();
    });
  }

  /* Where there is a plan for each of several years, what is drawn of a hub shows from the year on
     in which it opens, the hub itself as large as its load of that year. */
  const opens = new Map(config.hubs.map((hub) => [hub.of, hub.years.length ? hub.years[0][0] : 0]));
  function openBy(now, group) {
    group.everyMember = group.everyMember || group.getLayers();
    for (const member of group.everyMember) {
      const of = [...(member.options.className || "").matchAll(/dc-of-(\d+)/g)];
      if (!of.length) continue;
      if (of.every(([, number]) => opens.get(Number(number)) <= now)) group.addLayer(member);
      else group.removeLayer(member);
    }
  }
  function sizeBy(now, hub) {
    const then = hub.years.findLast(([from]) => from <= now);
    if (!then) return;
    hub.label = hub.name + " 約" + then[1] + " MW";
    hub.marker.setRadius(then[2]);
    dress(hub);
  }

  /* The year shows what of the network is in force then, on the map and in the list. */
  const year = byId("dc-year");
  function setYear() {
    const now = Number(year.value);
    byId("dc-year-shown").value = year.value;
    for (const input of document.querySelectorAll("[data-layer]")) {
      const layer = window[input.dataset.layer];
      if (layer.setYear) layer.setYear(now);
      else if (layer.order === undefined && layer.getLayers) openBy(now, layer);
    }
    hubs.forEach((hub) => sizeBy(now, hub));
    declutter();
    for (const line of document.querySelectorAll("[data-since]")) {
      line.classList.toggle("dc-later", Number(line.dataset.since) > Number(year.value));
    }
    settle();
  }
  year.addEventListener("input", setYear);

  /* Landings of the chosen cable systems are ringed; nothing joins them. */
  const rings = L.layerGroup().addTo(map);
  const above = L.svg({ pane: "dc-hubs" });
  const systems = [...document.querySelectorAll("[data-system]")];
  function ring() {
    rings.clearLayers();
    const at = new Map();
    for (const button of systems.filter((one) => one.getAttribute("aria-pressed") === "true")) {
      const [name, landings] = config.systems[Number(button.dataset.system)];
      for (const place of landings) {
        at.set(String(place), [place, ...(at.get(String(place)) || []).slice(1), name]);
      }
    }
    for (const [place, ...names] of at.values()) {
      L.circleMarker(place, {
        radius: 11, color: "#c2006b", weight: 3, fill: false, interactive: false, renderer: above,
      }).addTo(rings).bindTooltip(dcsite.element("span", "", names.join(", ")), {
        permanent: true, direction: "bottom", offset: [0, 8], className: "dc-tip dc-ring",
      });
    }
  }
  for (const button of systems) {
    button.addEventListener("click", function () {
      button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
      ring();
    });
  }

  /* Panels open and close; the map is fitted into what they leave free. */
  function toggle(button, panel, open) {
    const set = function (state) {
      panel.classList.toggle("dc-closed", !state);
      button.setAttribute("aria-expanded", String(state));
    };
    set(open);
    button.addEventListener("click", function () {
      set(panel.classList.contains("dc-closed"));
      clear();
    });
    return set;
  }
  const setPlan = toggle(byId("dc-plan-toggle"), byId("dc-plan"), middle);
  toggle(byId("dc-layers-toggle"), byId("dc-layers"), wide);

  /* What the open panels leave free, in pixels from the left and from the right. */
  function margins() {
    const taken = (id) => {
      const panel = byId(id);
      return panel.classList.contains("dc-closed") || !middle ? 16 : panel.offsetWidth + 28;
    };
    return [taken("dc-plan"), taken("dc-layers")];
  }

  function fit() {
    const [left, right] = margins();
    map.fitBounds(config.bounds, {
      paddingTopLeft: [left, 24], paddingBottomRight: [right, 36], animate: false,
    });
  }

  function clear() {
    const [left, right] = margins();
    L.Popup.prototype.options.autoPanPaddingTopLeft = L.point(left + 40, 20);
    L.Popup.prototype.options.autoPanPaddingBottomRight = L.point(right, 40);
  }

  /* Names of hubs and cores: each is tried right, left, above and below its circle; one that
     would cover a more important one is left out until there is room. */
  const hubs = config.hubs.map((hub) => ({ ...hub, marker: window[hub.layer] }));
  const cores = config.cores.map((name) => ({ marker: window[name] }));
  const named = [...hubs.filter((hub) => hub.first), ...cores, ...hubs.filter((hub) => !hub.first)];
  function declutter() {
    const taken = [];
    const free = (box) => !taken.some((other) => other.left < box.right && box.left < other.right
      && other.top < box.bottom && box.top < other.bottom);
    const drawn = named.filter((one) => one.marker.getElement() && map.hasLayer(one.marker)
      && one.marker.getTooltip().getElement());
    for (const { marker } of drawn) taken.push(marker.getElement().getBoundingClientRect());
    for (const { marker } of drawn) {
      const tip = marker.getTooltip();
      const label = tip.getElement();
      const away = marker.getRadius();
      label.classList.add("dc-out");
      for (const [direction, x, y] of [
        ["right", away, 0], ["left", -away, 0], ["top", 0, -away], ["bottom", 0, away],
      ]) {
        tip.options.direction = direction;
        tip.options.offset = L.point(x, y);
        tip.update();
        const box = label.getBoundingClientRect();
        if (free(box)) {
          label.classList.remove("dc-out");
          taken.push(box);
          break;
        }
      }
    }
  }
  map.on("zoomend moveend resize", declutter);
  function near() {
    document.body.classList.toggle("dc-near", map.getZoom() >= 6.5);
  }
  map.on("zoomend", near);

  /* The routes of the hub that was opened last stay, its pop-up closed, until the map is clicked. */
  const routes = L.layerGroup().addTo(map);
  const beneath = L.svg({ pane: "dc-links" });
  function drawRoutes(paths) {
    routes.clearLayers();
    paths.forEach((path, n) => L.polyline(dcsite.decode(path), {
      color: n ? "#b35900" : "#0050a0", dashArray: n ? "9 6" : null, weight: 4, opacity: 0.9,
      interactive: false, renderer: beneath, className: "dc-route",
    }).addTo(routes));
  }
  map.on("click", () => routes.clearLayers());

  /* A circle is a button for the keyboard too; it is made anew whenever it comes on the map. */
  function dress(hub) {
    const circle = hub.marker.getElement && hub.marker.getElement();
    if (!circle) return;
    circle.setAttribute("tabindex", "0");
    circle.setAttribute("role", "button");
    circle.setAttribute("aria-label", hub.label);
    circle.onkeydown = function (event) {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        hub.marker.openPopup();
      }
    };
  }

  let halo = null;
  for (const hub of hubs) {
    dress(hub);
    hub.marker.on("add", () => dress(hub));
    hub.marker.on("popupopen", function () {
      if (halo) halo.remove();
      drawRoutes(hub.routes);
      if (!hub.uncertainty_km) return;
      halo = L.circle(hub.marker.getLatLng(), {
        radius: hub.uncertainty_km * 1000, color: "#33475b", weight: 1.2, dashArray: "4 4",
        fillOpacity: 0.06, interactive: false,
      }).addTo(map);
    });
    hub.marker.on("popupclose", function () {
      if (halo) halo.remove();
      halo = null;
    });
  }
  for (const button of document.querySelectorAll("[data-hub]")) {
    button.addEventListener("click", function () {
      const hub = hubs[Number(button.dataset.hub)];
      if (!middle) setPlan(false);
      const zoom = Math.max(map.getZoom(), 8.5);
      const [left, right] = margins();
      const place = map.project(hub.marker.getLatLng(), zoom).add([(right - left) / 2, -150]);
      map.setView(map.unproject(place, zoom), zoom, { animate: false });
      if (!map.hasLayer(hub.marker)) return;
      hub.marker.openPopup();
    });
  }

  map.attributionControl.setPrefix(config.prefix);
  L.control.scale({ imperial: false, maxWidth: 140, position: "bottomleft" }).addTo(map);
  clear();
  fit();
  setYear();
  near();
  declutter();
  document.body.classList.add("dc-ready");
};
