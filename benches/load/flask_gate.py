"""flask-jwt-extended as what a proxy asks before it sends a request on (`auth_request`), with its blocklist in Redis."""

from flask_jwt_extended import get_jwt_identity, jwt_required
from flask_redis import app

app.config["JWT_TOKEN_LOCATION"] = ["cookies"]


@app.route("/gate/check/nginx", methods=["GET"])
@jwt_required()
def check():
    return "", 200, {"Remote-User": get_jwt_identity()}
