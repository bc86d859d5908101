//! Journeys through the product in a real Chromium.
