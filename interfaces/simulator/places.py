"""Places and names that worlds are drawn from: cities in three regions of the earth, premises, people's names."""

from __future__ import annotations

from typing import NamedTuple


class City(NamedTuple):
    name: str
    latitude: float
    longitude: float
    time_zone: str


EUROPE_AND_AFRICA = (
    City("London", 51.5074, -0.1278, "Europe/London"),
    City("Berlin", 52.5200, 13.4050, "Europe/Berlin"),
    City("Madrid", 40.4168, -3.7038, "Europe/Madrid"),
    City("Warsaw", 52.2297, 21.0122, "Europe/Warsaw"),
    City("Lagos", 6.5244, 3.3792, "Africa/Lagos"),
    City("Johannesburg", -26.2041, 28.0473, "Africa/Johannesburg"),
    City("Cairo", 30.0444, 31.2357, "Africa/Cairo"),
)
ASIA_AND_PACIFIC = (
    City("Singapore", 1.3521, 103.8198, "Asia/Singapore"),
    City("Sydney", -33.8688, 151.2093, "Australia/Sydney"),
    City("Tokyo", 35.6762, 139.6503, "Asia/Tokyo"),
    City("Mumbai", 19.0760, 72.8777, "Asia/Kolkata"),
    City("Kathmandu", 27.7172, 85.3240, "Asia/Kathmandu"),
    City("Auckland", -36.8509, 174.7645, "Pacific/Auckland"),
    City("Manila", 14.5995, 120.9842, "Asia/Manila"),
)
AMERICAS = (
    City("New York", 40.7128, -74.0060, "America/New_York"),
    City("Los Angeles", 34.0522, -118.2437, "America/Los_Angeles"),
    City("Sao Paulo", -23.5505, -46.6333, "America/Sao_Paulo"),
    City("Mexico City", 19.4326, -99.1332, "America/Mexico_City"),
    City("St John's", 47.5615, -52.7126, "America/St_Johns"),
    City("Bogota", 4.7110, -74.0721, "America/Bogota"),
    City("Toronto", 43.6532, -79.3832, "America/Toronto"),
)
CITIES = (EUROPE_AND_AFRICA, ASIA_AND_PACIFIC, AMERICAS)

PREMISES = (
    "Logistics Park",
    "Container Terminal",
    "Data Centre",
    "Bank Headquarters",
    "General Hospital",
    "Shopping Arcade",
    "Refinery",
    "University Campus",
    "Airport Cargo Hall",
    "Power Station",
    "Museum",
    "Film Studio",
)
GIVEN_NAMES = (
    "Amara",
    "Ben",
    "Carla",
    "Dev",
    "Elena",
    "Farid",
    "Grace",
    "Hiro",
    "Ines",
    "Jamal",
    "Kasia",
    "Liam",
    "Mei",
    "Nadia",
    "Omar",
    "Priya",
    "Rosa",
    "Samuel",
    "Thabo",
    "Yusuf",
)
FAMILY_NAMES = (
    "Adeyemi",
    "Bennett",
    "Costa",
    "Das",
    "Eriksen",
    "Fernandes",
    "Gurung",
    "Hughes",
    "Ito",
    "Jansen",
    "Khumalo",
    "Lopez",
    "Mehta",
    "Nowak",
    "Okafor",
    "Patel",
    "Reyes",
    "Santos",
    "Tanaka",
    "Walker",
)
