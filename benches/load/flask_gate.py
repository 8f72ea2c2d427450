"""flask-jwt-extended as what a proxy asks before it sends a request on (`auth_request`), with its blocklist in Redis."""

import os

import redis
from flask import Flask
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET_KEY"]
app.config["JWT_TOKEN_LOCATION"] = ["cookies"]
jwt = JWTManager(app)

jwt_redis_blocklist = redis.StrictRedis(
    host="127.0.0.1", port=int(os.environ["BLOCKLIST"]), db=0, decode_responses=True
)


@jwt.token_in_blocklist_loader
def check_if_token_is_revoked(jwt_header, jwt_payload: dict):
    jti = jwt_payload["jti"]
    token_in_redis = jwt_redis_blocklist.get(jti)
    return token_in_redis is not None


@app.route("/gate/check/nginx", methods=["GET"])
@jwt_required()
def check():
    return "", 200, {"Remote-User": get_jwt_identity()}
