### Todo lo que Portero dice a las personas, en español. Las claves son las de en.ftl; una prueba las compara.

## En todas las páginas

language-name = Español
meta-description = Inicia sesión en { $site } y mira dónde la tienes abierta.
skip-to-content = Saltar al contenido
nav-label = Principal
nav-menu = Menú
nav-account = Cuenta
nav-sessions = Sesiones
nav-revoked = Revocaciones
nav-apps = Aplicaciones
signed-in-as = Has iniciado sesión como
sign-out = Cerrar sesión
cancel = Cancelar
never = Nunca
ago-seconds = Ahora mismo
ago-minutes = Hace { $n } min
ago-hours = Hace { $n } h
ago-days =
    { $n ->
        [one] Hace { $n } día
       *[other] Hace { $n } días
    }
decimal-mark = ,
language-label = Idioma
page-address = Dirección de esta página

## Campos

label-username = Nombre de usuario
label-password = Contraseña
label-password-choose = Contraseña
label-password-choose-again = Repite la contraseña
label-current-password = Contraseña actual
label-new-password = Contraseña nueva
label-new-password-again = Repite la contraseña nueva
hint-username = Por ejemplo, ana.garcia
hint-new-password =
    { $n ->
        [one] Al menos { $n } carácter. Mejor varias palabras.
       *[other] Al menos { $n } caracteres. Mejor varias palabras.
    }
show = Mostrar
hide = Ocultar
show-password = Mostrar contraseña
hide-password = Ocultar contraseña
password-shown = Tu contraseña es visible.
password-hidden = Tu contraseña está oculta.
caps-lock-on = El bloqueo de mayúsculas está activado.

## Iniciar sesión

login-title = Iniciar sesión
login-remember = Mantener la sesión iniciada
login-remember-hint = No lo marques en un ordenador compartido.
login-submit = Iniciar sesión
login-passkey = Iniciar sesión con una llave de acceso
notice-session-ended = Tu sesión se ha cerrado. Vuelve a iniciarla.
notice-sign-in-first = Inicia sesión para ir a la página que has pedido.
notice-reuse = Puede que alguien haya usado una copia de tu inicio de sesión, o que tu navegador haya recuperado cookies antiguas: se reutilizó un token antiguo y se cerró una de tus sesiones. Si no sabes por qué, cambia la contraseña.
notice-half-sign-in = Alguien escribió tu contraseña, pero no tu segundo factor, el { $when } desde { $ip }. Si no fuiste tú, cambia la contraseña.
notice-factor-added = Se añadió un segundo factor a tu cuenta el { $when }, desde { $ip }. Si no fuiste tú, quítalo y cambia la contraseña.
notice-factor-removed = Se quitó un segundo factor de tu cuenta el { $when }, desde { $ip }. Si no fuiste tú, cambia la contraseña.
notice-factors-reset = Una persona que administra el sitio retiró tu segundo factor el { $when }. Si no lo pediste, habla con ella y cambia la contraseña.
notice-attempt-over = Pasó demasiado tiempo o hubo demasiados códigos incorrectos. Vuelve a iniciar sesión.
notice-recovered = Tu navegador recuperó cookies antiguas, como tras un cierre inesperado, y tu sesión sigue abierta. Si no se cerró así, puede que alguien las haya copiado: cambia la contraseña.
notice-guessing = Una de tus sesiones se cerró tras demasiadas contraseñas incorrectas seguidas. Si no fuiste tú, puede que alguien haya copiado su token: cambia la contraseña.
notice-see-story = Ver qué pasó
notice-odd-session = Una de tus sesiones se ha usado desde más de un navegador, como ocurre cuando alguien copia un token. Se usó por última vez en { $browser }, desde { $ip }. Si no sabes a qué se debe, ciérrala y cambia la contraseña.
notice-end-session = Cerrar esa sesión
notice-failed-attempts =
    { $n ->
        [one] Desde la última vez que iniciaste sesión, alguien escribió una contraseña incorrecta para tu cuenta una vez. Si no fuiste tú, asegúrate de no usar esta contraseña en ningún otro sitio.
       *[other] Desde la última vez que iniciaste sesión, alguien escribió una contraseña incorrecta para tu cuenta { $n } veces. Si no fuiste tú, asegúrate de no usar esta contraseña en ningún otro sitio.
    }

second-step-title = Escribe tu código
second-step-intro = Abre tu aplicación de autenticación y escribe el código que muestra para esta cuenta.
second-step-recovery-intro = Escribe uno de los códigos de recuperación que guardaste. Cada uno sirve una sola vez.
second-step-trust = Recordar este navegador
second-step-trust-days =
    { $n ->
        [one] Durante { $n } día, aquí bastará tu contraseña para iniciar sesión. No lo marques en un equipo compartido.
       *[other] Durante { $n } días, aquí bastará tu contraseña para iniciar sesión. No lo marques en un equipo compartido.
    }
second-step-trust-hours =
    { $n ->
        [one] Durante { $n } hora, aquí bastará tu contraseña para iniciar sesión. No lo marques en un equipo compartido.
       *[other] Durante { $n } horas, aquí bastará tu contraseña para iniciar sesión. No lo marques en un equipo compartido.
    }
second-step-use-recovery = Usar un código de recuperación
second-step-use-app = Usar la aplicación de autenticación
second-step-use-other = Usar otro método
second-step-passkey-title = Usa tu llave de acceso
second-step-passkey-intro = La contraseña es correcta. Ahora desbloquea tu llave de acceso como desbloqueas tu dispositivo.
second-step-passkey-impossible = Este navegador no puede usar aquí llaves de acceso. Usa un código de recuperación.
label-code = Código
hint-code = 6 cifras
label-recovery-code = Código de recuperación
hint-recovery-code = 10 letras y cifras
error-code-required = Escribe el código
error-code-form = Escribe las 6 cifras que muestra tu aplicación
error-recovery-code-form = Escribe las 10 letras y cifras de un código de recuperación
error-code-wrong = Código incorrecto
error-code-used = Este código ya se usó. Espera al siguiente
error-code-too-many = Demasiados códigos incorrectos por hoy. Usa un código de recuperación o inténtalo mañana
passkey-use = Usar tu llave de acceso
passkey-get-failed = No se ha usado ninguna llave de acceso. Inténtalo de nuevo o sigue de otra manera.
passkey-create-failed = No se ha creado ninguna llave de acceso. Inténtalo de nuevo cuando quieras.
passkey-known = Este dispositivo ya tiene una llave de acceso para tu cuenta.
error-passkey-lapsed = Pasó demasiado tiempo o ya se había usado. Inténtalo de nuevo
error-passkey-unknown = Este sitio no conoce esta llave de acceso. Puede que se haya quitado; en ese caso, bórrala también en tu gestor de contraseñas
error-passkey-refused = Esta llave de acceso se ha rechazado. Inténtalo de nuevo o inicia sesión de otra manera
error-passkey-copied = Esta llave de acceso se ha rechazado porque puede que la hayan copiado. Inicia sesión de otra manera y quítala
notice-passkey-copied = Se rechazó tu llave de acceso «{ $name }» porque puede que alguien la haya copiado. Quítala y crea otra.
passkeys-plain-http = Las llaves de acceso necesitan un sitio con https, y este no lo tiene; quien lo administra puede cambiarlo.
passkeys-no-name = Las llaves de acceso necesitan un sitio con nombre, y esta dirección es solo un número. Quien administra el sitio puede darle un nombre.
passkeys-other-address = Las llaves de acceso solo funcionan en { $address }: abre allí esta página.

# La página que aparece un instante al llegar por un enlace de otro sitio.
onward-title = Un momento…
onward-link = Continuar

# La puerta delante de las aplicaciones
gate-onward-title = Hacia { $app }
gate-denied-title = No tienes acceso a { $app }
gate-denied-text = Has iniciado sesión, pero no puedes entrar en { $app }. Pide acceso a quien la administra.
gate-denied-user = Has iniciado sesión como { $user }, que no puede entrar en { $app }. Pide acceso a quien la administra.
gate-account = Tu cuenta
gate-lapsed-title = Ha pasado demasiado tiempo
gate-lapsed-text = El paso a { $app } ya se ha usado, ha caducado o empezó en otro navegador. Tu navegador también tiene que guardar las cookies de este sitio.
gate-again = Abrir { $app }
gate-back = Quedarse en { $app }
gate-sign-out-title = ¿Salir de { $app }?
gate-sign-out-text = Este navegador solo sale de { $app }. En las demás aplicaciones tu sesión sigue abierta.
gate-sign-out = Salir de { $app }
gate-sign-out-everywhere = Cerrar la sesión en todo
gate-left-title = Has salido de { $app }
gate-left-text = Mientras tu sesión siga abierta, { $app } te deja entrar de nuevo sin contraseña.

# Iniciar sesión en una aplicación con OpenID Connect
openid-no-such-app-title = Esa aplicación no existe
openid-no-such-app-text = Este servidor no conoce la aplicación que te ha enviado aquí. Pregunta a quien la administra.
openid-wrong-redirect-title = La aplicación pide la respuesta en otro sitio
openid-wrong-redirect-text = La dirección en la que quiere recibirla no es una de las que tiene registradas, así que no te hemos llevado allí. Pregunta a quien la administra.
openid-no-redirect-title = A la aplicación le falta algo
openid-no-redirect-text = No ha dicho adónde hay que responder. Pregunta a quien la administra.
openid-bad-request-title = No se entiende lo que pide la aplicación
openid-bad-request-text = Falta quién pregunta, o lo dice dos veces. Pregunta a quien la administra.
openid-lapsed-title = Ha pasado demasiado tiempo
openid-lapsed-text = Lo que pedía la aplicación ya tiene respuesta, o empezó en otro navegador. Vuelve a la aplicación e inicia sesión en ella otra vez. Tu navegador también debe guardar las cookies de este sitio.
openid-bad-sign-out-title = No se entiende lo que pide la aplicación
openid-bad-sign-out-text = Dice algo dos veces, o demasiado, o muestra algo que se hizo para otra aplicación. Pregunta a quien la administra.
openid-wrong-onward-title = La aplicación quiere llevarte a otro sitio
openid-wrong-onward-text = La dirección a la que irías después de cerrar sesión no es una de las que tiene registradas, así que no te hemos llevado allí. Pregunta a quien la administra.
openid-sign-out-lapsed-title = Ha pasado demasiado tiempo
openid-sign-out-lapsed-text = Lo que pedía la aplicación ya tiene respuesta, o empezó en otro navegador. Tu navegador también debe guardar las cookies de este sitio.
openid-sign-out-here = Cerrar sesión aquí
rp-logout-text = { $app } te ha traído aquí para cerrar sesión. Has iniciado sesión como { $user }.
rp-logout-what = Se cerrará tu sesión en este navegador. Las aplicaciones que atienden el aviso también te la cerrarán. Tus otras sesiones seguirán abiertas.
rp-logout-onward = Después irás a
openid-send-title = Un momento…
openid-back = Volver a { $app }
consent-title = ¿Iniciar sesión en { $app }?
consent-intro = { $app } quiere saber quién eres. Has iniciado sesión como { $user }.
consent-told = Si aceptas, sabrá:
consent-address = La respuesta va a
consent-allow = Aceptar y continuar
consent-deny = No aceptar
consent-not-you = ¿No eres { $user }?
scope-openid = Que eres tú
scope-profile = Tu nombre de usuario, tu nombre visible y tu idioma
scope-email = Tu dirección de correo
scope-groups = Los grupos a los que perteneces
scope-offline-access = Todo esto de nuevo mientras tu sesión aquí siga abierta, también cuando no la usas
consents-title = Aplicaciones que te conocen
consents-intro = Has aceptado que estas aplicaciones sepan quién eres. Si lo retiras, Portero no les dirá nada más hasta que vuelvas a aceptar.
consents-told = Saben
consents-agreed = Aceptado
consents-withdraw = Retirar
consents-withdraw-of = Retirar para { $app }
flash-consent-withdrawn = La aplicación ya no puede preguntar quién eres.

## Primer arranque

setup-title = Crea la primera cuenta de administración
setup-intro = Esta cuenta puede ver y cerrar las sesiones de todos los usuarios. Este enlace solo funciona una vez.
setup-submit = Crear la cuenta
no-account-title = Aún no hay ninguna cuenta
no-account-text = Abre el enlace que muestra el servidor al arrancar para crear la primera cuenta de administración, o crea otro enlace con esta orden:
flash-welcome = ¡Todo listo! Tu cuenta de administración está creada y ya has iniciado sesión.

## Confirma que eres tú

confirm-title = Confirma que eres tú
confirm-intro = Escribe otra vez tu contraseña { $purpose }.
confirm-submit = Confirmar
confirm-passkey-intro = Usa tu llave de acceso { $purpose }.
confirm-use-password-and-recovery = Usar la contraseña y un código de recuperación
# Completa «Escribe otra vez tu contraseña …».
purpose-change-password = para cambiarla
# Lo mismo.
purpose-end-sessions = para cerrar sesiones
# Completa «Escribe otra vez tu contraseña …».
purpose-continue = para continuar
# Lo mismo.
purpose-factors = para cambiar cómo inicias sesión
flash-second-factor-first = Todavía no se ha cambiado nada: antes necesitas un segundo factor.
flash-confirm-first = Todavía no se ha cambiado nada. Confirma que eres tú y vuelve a enviar el formulario.

## Segundos factores

factors-title = Segundo factor
factors-intro = Una llave de acceso, o un código de tu teléfono además de la contraseña, para que la contraseña sola no abra nada.
factors-add = Añadir una aplicación de autenticación
factors-add-passkey = Añadir una llave de acceso
factors-back = Volver
factors-none = Para iniciar sesión basta tu contraseña.
factors-link-needed = Se ha retirado tu segundo factor. Para configurar otro, abre en este navegador el enlace que te dé quien administra el sitio.
factors-required = Este sitio te pide un segundo factor. Añade uno para continuar.
factor-kind-totp = Aplicación de autenticación
factor-kind-passkey = Llave de acceso
passkey-synced = sincronizada con tus otros dispositivos
passkey-not-synced-yet = aún sin sincronizar
passkey-on-one-device = solo en un dispositivo
passkey-other-host = Creada para { $host }: solo funciona allí
passkey-marked = Se rechazó el { $when }: puede que la hayan copiado. Quítala y crea otra.
factor-name = Nombre
factor-name-hint = Para distinguir tus aplicaciones, por ejemplo por el teléfono en que están
factor-name-default = Aplicación de autenticación
factor-added-at = Añadida
factor-last-used = Último uso
factor-rename = Cambiar nombre…
factor-rename-of = Cambiar nombre de { $name }
factor-remove = Quitar…
factor-remove-of = Quitar { $name }
error-factor-name = Escribe un nombre de 40 caracteres como máximo
error-factor-needed = Este sitio te pide un segundo factor, y este es el último. Añade antes otro
notice-factors-off = Este sitio no permite añadir un segundo factor.
notice-factors-too-many = Tienes cinco aplicaciones, el máximo posible. Quita antes una.
flash-recovery-code-used = Has usado un código de recuperación. Si has perdido el teléfono, añade aquí el nuevo y quita el antiguo.
notice-passkeys-too-many = Tienes diez llaves de acceso, el máximo posible. Quita antes una.
flash-factor-removed = Se ha quitado.
flash-own-address-sent = Se envió un enlace a la nueva dirección. Ábrelo en este navegador antes de un día; hasta entonces no cambia nada.
flash-own-address-same = Esa ya es tu dirección.
flash-own-address-changed = Tu dirección de correo ha cambiado.
flash-factor-renamed = Se ha cambiado el nombre.
rename-factor-title = Cambia el nombre
rename-factor-submit = Guardar
add-passkey-title = Añade una llave de acceso
add-passkey-intro = Con una llave de acceso inicias sesión como desbloqueas tu dispositivo: con la huella, la cara o un PIN. Nadie puede adivinarla y ningún otro sitio puede pedírtela.
add-passkey-submit = Crear llave de acceso
add-passkey-impossible = Este navegador no puede crear aquí llaves de acceso: es demasiado antiguo o tiene los scripts desactivados.
passkey-name-hint = Para distinguir tus llaves de acceso, por ejemplo por dónde se guardan
error-passkey-not-made = Esta llave de acceso no sirve aquí. Inténtalo con otro dispositivo u otro gestor de contraseñas
error-passkey-known = Esta llave de acceso ya estaba añadida
add-totp-title = Añade una aplicación de autenticación
add-totp-intro = Necesitas una aplicación que genere códigos, como la de tu gestor de contraseñas o la de tu teléfono.
add-totp-submit = Continuar
confirm-totp-title = Configura tu aplicación
confirm-totp-scan = Escanea esto con la aplicación:
confirm-totp-qr = Un código QR con la clave de abajo
confirm-totp-type = O escribe esta clave en la aplicación:
confirm-totp-open = Abrir la aplicación en este dispositivo
confirm-totp-code = Escribe el código que muestra la aplicación:
confirm-totp-submit = Activar
factor-added-title = Todo listo
factor-added-totp = Desde ahora, para iniciar sesión hacen falta la contraseña y un código.
factor-added-passkey = Desde ahora puedes iniciar sesión solo con tu llave de acceso. La contraseña sola ya no abre nada.
factor-added-others =
    { $n ->
        [one] Tienes { $n } sesión más, que empezó sin él.
       *[other] Tienes { $n } sesiones más, que empezaron sin él.
    }
factor-added-end-others = Cerrar las demás sesiones
recovery-codes-title = Códigos de recuperación
recovery-codes-intro = Si pierdes el teléfono o la llave de acceso, cada uno sirve una vez en su lugar, después de la contraseña. Guárdalos ahora, lejos del teléfono: no se volverán a mostrar.
recovery-codes-stay = Tus códigos de recuperación siguen siendo los mismos.
recovery-codes-save = Guardar en un archivo
recovery-codes-done = Ya los he guardado
recovery-codes-continue = Continuar
recovery-codes-left =
    { $n ->
        [0] No te quedan códigos de recuperación.
        [one] Te queda { $n } código de recuperación.
       *[other] Te quedan { $n } códigos de recuperación.
    }
recovery-codes-few = Crea otros antes de que se acaben.
recovery-file-title = Códigos de recuperación de { $site }
new-recovery-codes-link = Códigos nuevos…
new-recovery-codes-title = ¿Crear códigos de recuperación nuevos?
new-recovery-codes-intro = Los códigos que tienes ahora dejarán de servir.
new-recovery-codes-submit = Crear códigos nuevos
remove-factor-title = ¿Quitar { $name }?
remove-factor-intro = Sus códigos dejarán de servir. Lo demás que tengas configurado se queda.
remove-passkey-intro = Ya no servirá para iniciar sesión. Bórrala también en tu gestor de contraseñas, si la guarda.
remove-passkey-last = Ya no servirá para iniciar sesión, y tus códigos de recuperación dejarán de servir. Bastará la contraseña para abrir tu cuenta.
remove-factor-last = Sus códigos y tus códigos de recuperación dejarán de servir. Bastará la contraseña para abrir tu cuenta.
remove-factor-submit = Quitar
account-factor = Segundo factor
account-factor-none = Ninguno
account-factor-by-link = Ninguno; se configurará con un enlace
account-factor-count =
    { $n ->
        [one] { $n } configurado
       *[other] { $n } configurados
    }
account-factor-manage = Gestionar
account-factor-set-up = Configurar
trusted-title = Navegadores recordados
trusted-intro = En ellos basta tu contraseña para iniciar sesión, sin código.
trusted-used = Último inicio de sesión
trusted-until = Recordado hasta
trusted-forget = Olvidar
trusted-forget-of = Olvidar { $browser }, { $ip }
flash-browser-forgotten = El navegador se ha olvidado: el próximo inicio de sesión en él pedirá un código.
user-enrolment-link-link = Enlace para configurar un segundo factor…
user-enrolment-link-title = ¿Crear un enlace para que { $user } configure un segundo factor?
user-enrolment-link-intro = Con él y la contraseña, { $user } podrá configurar un segundo factor. Cualquier enlace anterior dejará de funcionar.
user-enrolment-link-submit = Crear enlace
error-no-enrolment-link = Este usuario no necesita ningún enlace para configurar un segundo factor.
user-codes-left =
    { $n ->
        [one] Queda { $n } código de recuperación.
       *[other] Quedan { $n } códigos de recuperación.
    }
user-trusted-browsers =
    { $n ->
        [one] { $n } navegador está recordado y no pide código.
       *[other] { $n } navegadores están recordados y no piden código.
    }
user-forget-browsers-link = Olvidar los navegadores recordados…
user-forget-browsers-title = ¿Olvidar los navegadores recordados de { $user }?
user-forget-browsers-intro = El próximo inicio de sesión en cada uno volverá a pedir el segundo factor. Las sesiones abiertas siguen.
user-forget-browsers-submit = Olvidar
user-forget-browsers-done = A { $user } se le pedirá el segundo factor en todos los navegadores.
user-reset-factors-link = Retirar el segundo factor…
user-reset-factors-title = ¿Retirar el segundo factor de { $user }?
user-reset-factors-intro = Para quien ha perdido el teléfono y los códigos de recuperación. Asegúrate de que quien lo pide es esa persona.
user-reset-factors-password = Después, { $user } podrá iniciar sesión solo con la contraseña y configurar otra aplicación.
user-reset-factors-by-link = Recibirás un enlace para { $user }. Con él y la contraseña podrá configurar otra aplicación; solo con la contraseña, no.
user-reset-factors-yourself = No puedes retirar el tuyo. Quítalo en tu propia página.
user-reset-factors-submit =
    { $n ->
        [0] Retirar
        [one] Retirar y cerrar { $n } sesión
       *[other] Retirar y cerrar { $n } sesiones
    }
user-reset-factors-done =
    { $n ->
        [0] Se ha retirado el segundo factor de { $user }.
        [one] Se ha retirado el segundo factor de { $user } y se ha cerrado { $n } sesión.
       *[other] Se ha retirado el segundo factor de { $user } y se han cerrado { $n } sesiones.
    }
error-no-factors = Este usuario no tiene segundo factor.
error-own-factors = No puedes retirar aquí tu propio segundo factor. Quítalo en tu página.

## Cambiar la contraseña

change-password-title = Cambia tu contraseña
change-password-end-others =
    { $n ->
        [one] Cerrar mi otra sesión
       *[other] Cerrar mis otras { $n } sesiones
    }
change-password-end-others-hint = Recomendado, sobre todo si alguien podría conocer tu contraseña anterior. Aquí seguirás con la sesión iniciada.
change-password-submit = Cambiar contraseña
flash-password-changed =
    { $n ->
        [0] Has cambiado la contraseña. No tenías otras sesiones.
        [one] Has cambiado la contraseña. Se ha cerrado tu otra sesión.
       *[other] Has cambiado la contraseña. Se han cerrado tus otras { $n } sesiones.
    }
flash-password-changed-kept = Has cambiado la contraseña. Tus otras sesiones siguen abiertas.

## Cuenta

account-title = Tu cuenta
account-about = Sobre ti
account-role = Rol
account-member-since = Miembro desde
account-last-sign-in = Último inicio de sesión
account-earlier-sign-in = Inicio de sesión anterior
account-no-earlier-sign-in = No consta ninguno
account-password-changed = Cambio de contraseña
account-change-password = Cambiar contraseña
role-user = Usuario
role-admin = Administrador
account-story-of = Historial de la sesión en { $place }
account-end-of = Cerrar la sesión en { $place }
sessions-title = Dónde tienes la sesión iniciada
sessions-intro = ¿No reconoces alguna? Ciérrala y cambia la contraseña.
sessions-browser = Navegador
sessions-ip = Dirección IP
sessions-signed-in = Iniciada
sessions-last-seen = Última actividad
sessions-how = Vía
sessions-api = API
sessions-this-device = Este dispositivo
transport-cookie = Web
transport-bearer = API
unknown-address = Desconocida
unknown-browser = Navegador desconocido
browser-on-system = { $browser } en { $system }
sessions-limit-browsers =
    { $n ->
        [one] Puedes tener la sesión iniciada en un solo navegador; uno nuevo cierra la del anterior.
       *[other] Puedes tener la sesión iniciada en hasta { $n } navegadores; al superar el límite se cierra la sesión más antigua.
    }
sessions-limit =
    { $n ->
        [one] Solo { $n } sesión de API; una nueva cierra la anterior.
       *[other] Hasta { $n } sesiones de API; una nueva cierra la más antigua.
    }
sessions-odd = Inusual
sessions-actions = Acciones
sessions-end-others = Cerrar las demás sesiones
story-link = Historial
story-link-of = Historial de la sesión { $session }
end-session = Cerrar la sesión
end-session-of = Cerrar la sesión { $session }

## El historial de una sesión

story-title-of = Sesión { $session } de { $user }
story-facts = Detalles de la sesión
story-steps = Historial
story-intro = Cada línea es un navegador en una dirección. Cada número es una fila de la tabla. Una línea discontinua es una hora o más sin actividad. Horas de { $zone }.
story-picture = Los pasos de esta sesión en orden, como en la tabla
story-what = Qué
story-when = Cuándo
story-to = hasta
story-apps = Aplicaciones en las que se entró
story-app-entered = Entradas
story-app-times =
    { $n ->
        [one] una vez
       *[other] { $n } veces
    }
story-app-first = Primera
story-app-last = Última
sessions-apps = En { $apps }
story-end = Cerrada:
story-ended = Cerrada
story-theft = { $browser }, desde { $ip }, usó un token que ya se había sustituido, así que Portero cerró la sesión. Puede que alguien lo copiara o que el navegador recuperara cookies antiguas.
story-theft-user = Si { $user } no sabe por qué, haz que elija otra contraseña.
step-signed-in = Inicio de sesión
step-renewed =
    { $n ->
        [one] Renovada
       *[other] Renovada { $n } veces
    }
step-repeated =
    { $n ->
        [one] Renovada otra vez al instante: una segunda pestaña o un doble clic
       *[other] Renovada otra vez al instante { $n } veces: otras pestañas o dobles clics
    }
step-repeated-odd = Renovada otra vez al instante, por otro navegador
step-retried =
    { $n ->
        [one] Renovada otra vez: la primera respuesta no llegó
       *[other] Renovada otra vez { $n } veces: las respuestas no llegaron
    }
step-recovered =
    { $n ->
        [one] El navegador recuperó cookies antiguas y recibió otras nuevas
       *[other] El navegador recuperó cookies antiguas { $n } veces y recibió otras nuevas
    }
step-confirmed =
    { $n ->
        [one] Confirmada con la contraseña
       *[other] Confirmada con la contraseña { $n } veces
    }
step-reused = Se reutilizó un token antiguo

## Cerrar sesiones

end-session-title = ¿Cerrar esta sesión?
end-session-intro = La sesión se cierra de inmediato en ese dispositivo.
end-session-intro-of = La sesión de { $user } se cierra de inmediato en ese dispositivo.
end-session-yours = Aquí tu sesión seguirá abierta.
concerns-you = Eres tú.
end-sessions-title = Cerrar sesiones
end-sessions-of = La sesión de { $user } se cierra de inmediato en todas partes.
end-sessions-since = Se cierra la sesión de todos los que la iniciaron a partir de
end-sessions-count =
    { $n ->
        [one] ¿Cerrar una sesión?
       *[other] ¿Cerrar { $n } sesiones?
    }
end-sessions-none = No hay ninguna sesión que cerrar.
end-sessions-nobody-told = Si son más de cien a la vez, no se avisa a nadie por correo.
end-sessions-own-stays = Tu propia sesión aquí sigue abierta.
end-sessions-submit =
    { $n ->
        [one] Cerrar una sesión
       *[other] Cerrar { $n } sesiones
    }
end-sessions-ask = Tras un incidente, cierra todas las sesiones iniciadas a partir de cierto momento. Antes verás cuántas son.
end-sessions-moment = Iniciadas a partir de ({ $zone })
end-sessions-look = Contar sesiones
flash-nothing-ended = Ya no quedaba nada que cerrar.
error-moment = Escribe una fecha y una hora, como 2026-11-25T10:00

## El comprobante

receipt-nobody-told = Fueron más de cien a la vez, así que no se avisó a nadie por correo. Avisa a la gente por otro medio.
receipt-title = Comprobante
receipt-heading =
    { $n ->
        [one] Se ha cerrado una sesión
       *[other] Se han cerrado { $n } sesiones
    }
receipt-refused-since = Se rechazan aquí desde
receipt-refused-what = todos los tokens, de acceso y de renovación.
receipt-nodes-since =
    { $n ->
        [one] Se rechazan en { $refusing } de { $n } nodo desde
       *[other] Se rechazan en { $refusing } de { $n } nodos desde
    }
receipt-nodes-so-far =
    { $n ->
        [one] Se rechazan en { $refusing } de { $n } nodo, comprobado:
       *[other] Se rechazan en { $refusing } de { $n } nodos, comprobado:
    }
receipt-node-over = El nodo { $node } no atiende a nadie desde que terminó su plazo:
receipt-node-awaited = El nodo { $node } aún no ha confirmado que los rechaza.
receipt-elsewhere = Las aplicaciones que comprueban los tokens por su cuenta aún pueden aceptar un token de acceso hasta
receipt-elsewhere-hint = Las aplicaciones que preguntan a Portero ya lo rechazan.
receipt-over = Ningún token de estas sesiones funciona ya en ninguna parte.
receipt-over-hint = El último token de acceso ha caducado, también para las aplicaciones que comprueban los tokens por su cuenta.
receipt-made = Página generada
receipt-id = Comprobante
receipt-address = Dirección de este comprobante
receipt-copy = Copiar
receipt-caption = Sesiones cerradas
receipt-expires = Los tokens caducan
receipt-access = Acceso
receipt-refresh = Renovación
receipt-run-out = caducado
receipt-checked = Comprobado ahora
receipt-refused = Rechazada
receipt-not-refused = No rechazada
receipt-apps-all = Todas las aplicaciones en las que se entró lo saben.
receipt-apps-all-hint = Lo han confirmado o preguntan a Portero antes de cada petición.
receipt-apps-run-out =
    { $n ->
        [one] Una aplicación no ha confirmado el aviso.
       *[other] { $n } aplicaciones no han confirmado el aviso.
    }
receipt-apps-run-out-hint = Allí ya no se puede aceptar ningún token.
receipt-apps-open =
    { $n ->
        [one] Una aplicación no ha confirmado el aviso.
       *[other] { $n } aplicaciones no han confirmado el aviso.
    }
receipt-apps-open-hint = La tabla de abajo dice hasta cuándo se puede aceptar allí todavía un token.
told-caption = Lo que saben las aplicaciones
told-state = Estado
told-told = Avisada
told-noted = Confirmó
told-accepted = Allí se aceptan tokens hasta
told-nothing = ya no
told-next = próximo intento
told-of = { $count } de { $all }
told-acknowledged = Ha tomado nota
told-waiting = Avisando
told-refused = No toma nota
told-given-up = No avisada
told-asks = Pregunta aquí
told-not-told = No se le avisa
told-try-acknowledged = ha tomado nota
told-try-refused = lo rechazó ({ $status })
told-try-other-answer = respondió { $status }
told-try-redirected = remite a otra dirección ({ $status })
told-try-no-answer = no respondió a tiempo o cortó la conexión
told-try-not-reached = no se pudo conectar con ella
told-try-address-refused = su nombre lleva a una dirección a la que Portero no llama
receipt-unmarked =
    { $n ->
        [one] Una de ellas ya se rechaza y aún no aparece en la lista.
       *[other] { $n } de ellas ya se rechazan y aún no aparecen en la lista. Recarga la página para ver más.
    }
receipt-more =
    { $n ->
        [one] Y una sesión más.
       *[other] Y { $n } sesiones más.
    }
receipt-link = Comprobante

## Sesiones abiertas

open-title = Sesiones abiertas
open-intro = Todos los que tienen ahora la sesión iniciada.
open-total =
    { $n ->
        [one] 1 sesión abierta
       *[other] { $n } sesiones abiertas, empezando por las más recientes
    }
open-total-many = Más de { $n } sesiones abiertas, empezando por las más recientes
open-empty = Nadie tiene la sesión iniciada.
open-only-odd = Solo las inusuales
open-end-all-of = Cerrar todas las sesiones de { $user }
open-end-since = Cerrar sesiones…
end-link = Cerrar
find-label = Usuario, dirección o sesión
find-submit = Buscar
find-more = Más filtros
find-nobody = No hay ninguna sesión ni ningún usuario llamado «{ $user }».
find-none-title = Esa sesión no existe
find-none-text = No hay ninguna sesión { $id }, ni abierta ni cerrada. Las sesiones cerradas se eliminan a los 90 días.
find-several-title = ¿Qué sesión?
find-several-text = Hay varias sesiones cuyo identificador empieza por { $id }.
find-several-caption = Sesiones, empezando por las más recientes
find-open = Abierta
find-clear = Quitar filtros
find-no-address = «{ $text }» no es una dirección IP.
list-filter = Filtro: { $filters }
list-filters = Filtros: { $filters }
list-filters-other = Otros filtros: { $filters }
list-none-sessions = No hay sesiones que coincidan.
list-none-sessions-for = Ninguna sesión coincide con «{ $words }».
list-none-revoked = No hay sesiones ni tokens que coincidan.
list-none-revoked-for = Ninguna sesión ni token revocado coincide con «{ $words }».
list-none-audit = No hay eventos que coincidan.
list-none-audit-for = Ningún evento coincide con «{ $words }».
list-none-users = No hay usuarios que coincidan.
list-none-users-for = Ningún usuario coincide con «{ $words }».
filter-from = Desde ({ $zone })
filter-until = Hasta ({ $zone })

## Cerrar sesión, idioma

logout-title = ¿Cerrar sesión?
logout-text = Se cerrará tu sesión en este navegador. Tus otras sesiones seguirán abiertas.
logout-this = Solo en este navegador
logout-others =
    { $n ->
        [one] Solo mi otra sesión
       *[other] Solo mis otras { $n } sesiones
    }
logout-others-title = ¿Cerrar sesión en los demás dispositivos?
logout-others-text =
    { $n ->
        [one] Tu otra sesión se cierra al instante. Aquí tu sesión seguirá abierta.
       *[other] Tus otras { $n } sesiones se cierran al instante. Aquí tu sesión seguirá abierta.
    }
logout-others-submit =
    { $n ->
        [one] Cerrar 1 sesión
       *[other] Cerrar { $n } sesiones
    }
logout-no-others = No tienes la sesión iniciada en ningún otro dispositivo.
logout-all = En todas partes, también aquí
flash-signed-out-everywhere =
    { $n ->
        [one] Has cerrado la sesión. Se ha cerrado una sesión.
       *[other] Has cerrado la sesión en todas partes. Se han cerrado { $n } sesiones.
    }
logout-not-signed-in-title = No has iniciado sesión
logout-not-signed-in-text = En este navegador no hay ninguna sesión que cerrar.
flash-signed-out = Has cerrado la sesión.

## Lo revocado

revoked-title = Sesiones y tokens revocados
revoked-intro = Sesiones y tokens que terminaron antes de tiempo, y por qué. «En vigor»: Portero todavía rechaza sus tokens.
revoked-total =
    { $n ->
        [one] 1 sesión o token revocado
       *[other] { $n } sesiones y tokens revocados, empezando por los más recientes
    }
revoked-total-many = Más de { $n } sesiones y tokens revocados, empezando por los más recientes
revoked-of-session = de la sesión
revoked-filter-label = Filtrar la lista
revoked-user = Usuario
revoked-what = Qué
revoked-when = Cuándo
revoked-why = Motivo
revoked-by = Por
revoked-until = Se rechaza hasta
revoked-in-force = En vigor
revoked-no-longer = Ya ha caducado
revoked-empty = Todavía no hay nada. Aquí aparecen los cierres de sesión y los cambios de contraseña.
revoked-user-unknown = No hay ningún usuario llamado «{ $user }».
pager-label = Páginas
pager-newest = Lo más reciente
pager-newer = Más reciente
pager-older = Más antiguo
export-label = Exportar:
reason-any = Cualquier motivo
reason-logout = Por el propio usuario
reason-logout_at_app = Sesión cerrada en una aplicación
reason-password_change = Cambio de contraseña
reason-replaced = Nuevo inicio de sesión en el mismo navegador
reason-ended_by_user = Cerrada por el usuario
reason-ended_by_admin = Cerrada por un administrador
reason-disabled = Cuenta desactivada
reason-deleted = Cuenta eliminada
reason-factors_reset = Segundo factor retirado
reason-reported_by_mail = El usuario avisó de que no era él
reason-renamed = Cambio de nombre de la cuenta
reason-expired = Caducada
reason-idle = Demasiado tiempo inactiva
reason-limit = Demasiadas sesiones
reason-reuse = Se reutilizó un token antiguo
reason-guessing = Demasiadas contraseñas incorrectas seguidas
reason-lost = Respuesta perdida por el camino
reason-forgotten = El navegador recuperó cookies antiguas
reason-superseded = Sustituido por un token más reciente
reason-revoked_by_app = Revocada por una aplicación
reason-replayed = Cerrada de nuevo: la base de datos lo había perdido
what-session = Sesión completa
what-any = Sesiones y tokens
what-token = Token suelto
what-access = Token de acceso
what-refresh = Token de renovación
by-user = El usuario
by-system = Portero
by-operator = Línea de comandos
by-app = Una aplicación

## Qué falló en un formulario

# Va delante del título de la página y del error de cada campo.
error-prefix = Error:{" "}
error-summary-title = Hay un problema
error-bad-credentials = Nombre de usuario o contraseña incorrectos
error-disabled = Esta cuenta está desactivada. Un administrador puede volver a activarla.
error-username-required = Escribe tu nombre de usuario
error-username-missing = Escribe un nombre de usuario
error-password-required = Escribe tu contraseña
error-current-password-required = Escribe tu contraseña actual
error-current-password-too = Escribe también tu contraseña actual. Todavía no se ha cambiado nada
error-new-password-required = Elige una contraseña
error-password-incorrect = Contraseña incorrecta
error-password-too-short =
    { $n ->
        [one] Esta contraseña es demasiado corta. Usa al menos { $n } carácter
       *[other] Esta contraseña es demasiado corta. Usa al menos { $n } caracteres
    }
error-password-too-long =
    { $n ->
        [one] Esta contraseña es demasiado larga. Usa como máximo { $n } carácter
       *[other] Esta contraseña es demasiado larga. Usa como máximo { $n } caracteres
    }
error-password-guessable = Esta contraseña es demasiado fácil de adivinar. Añade una o dos palabras, o deja que tu gestor de contraseñas cree una
error-password-user-name = Esta contraseña es demasiado fácil de adivinar: es poco más que tu nombre de usuario. Añade una o dos palabras, o deja que tu gestor de contraseñas cree una
error-password-site-word = Esta contraseña es demasiado fácil de adivinar: es poco más que el nombre de este sitio o una palabra relacionada. Añade una o dos palabras, o deja que tu gestor de contraseñas cree una
error-password-phrase = Esta contraseña es demasiado fácil de adivinar: es una frase muy conocida. Añade una o dos palabras, o deja que tu gestor de contraseñas cree una
error-password-same = La contraseña nueva es igual que la actual. Elige otra
error-passwords-differ = Las dos contraseñas no coinciden
error-username-length = Un nombre de usuario tiene entre 1 y 64 caracteres
error-username-characters = Usa solo letras y cifras de cualquier alfabeto, puntos, guiones, guiones bajos, apóstrofos, + y @, y una barra invertida tras un dominio. Empieza con una letra, una cifra o un guion bajo, y termina con una letra o una cifra
error-form-expired = El formulario había caducado. No se ha cambiado nada; envíalo de nuevo.

## Páginas de error

error-home = Ir a la página de inicio
error-request-id = ID de la petición
error-400-title = La petición no se entiende
error-400-text = Faltaba algo o estaba mal escrito. Vuelve atrás e inténtalo de nuevo.
error-401-title = Inicia sesión
error-401-text = Tienes que iniciar sesión para ver esta página.
error-403-title = No tienes acceso
error-403-text = Tu cuenta no puede abrir esta página. Si crees que debería, habla con un administrador.
error-403-csrf-title = Vuelve a enviarlo
error-403-csrf-text = La página desde la que lo enviaste ya no es válida, quizá porque has vuelto a iniciar sesión. No se ha cambiado nada. Vuelve atrás, recarga la página e inténtalo de nuevo.
error-404-title = Página no encontrada
error-404-text = No hay nada en esta dirección. Comprueba que esté bien escrita.
error-405-title = Eso no funciona aquí
error-405-text = Esta dirección no se puede usar de ese modo. No se ha cambiado nada.
error-408-title = Ha tardado demasiado
error-408-text = La petición no llegó a tiempo. Comprueba tu conexión e inténtalo de nuevo.
error-410-title = Este enlace ya no funciona
error-410-text = Ya se ha usado o ha caducado. Si todavía lo necesitas, pide uno nuevo.
error-413-title = Es demasiado grande
error-413-text = Lo que has enviado supera lo que Portero acepta. No se ha cambiado nada.
error-415-title = Formato desconocido
error-415-text = Portero no puede leer lo que has enviado en este formato. No se ha cambiado nada.
error-421-title = Dirección equivocada
error-421-text = Este servidor está en { $address }. No se ha cambiado nada.
error-500-title = Algo ha fallado
error-500-text = El error es nuestro y ha quedado registrado. Si se repite, da a un administrador el ID de la petición que ves abajo.
error-429-title = Demasiados intentos
error-429-text =
    { $n ->
        [one] Vuelve a intentarlo dentro de { $n } segundo.
       *[other] Vuelve a intentarlo dentro de { $n } segundos.
    }
# En un formulario, en vez de comprobar la contraseña.
error-throttled =
    { $n ->
        [one] Demasiados intentos. No se ha comprobado nada: vuelve a intentarlo dentro de { $n } segundo.
       *[other] Demasiados intentos. No se ha comprobado nada: vuelve a intentarlo dentro de { $n } segundos.
    }
# Cuenta hacia atrás en el botón de un formulario así.
wait-button = Vuelve a intentarlo en { $seconds } s
wait-over = Ya puedes volver a intentarlo.
error-503-title = Demasiada carga en este momento
error-503-text = Portero no puede responder con seguridad ahora mismo. No se ha perdido nada: inténtalo de nuevo en unos segundos.
error-503-starting-title = Portero está arrancando
error-503-starting-text = Responderá dentro de unos segundos. No se ha perdido nada: inténtalo de nuevo entonces.
error-503-still-open-title = Sesión cerrada solo en este navegador
error-503-still-open-text = Este navegador ya no tiene tu sesión, pero Portero no ha podido guardarlo, así que sigue abierta en el servidor. Nadie puede usarla desde este navegador. Más tarde, vuelve a iniciar sesión y ciérrala en «Tu cuenta», o pide a un administrador que la cierre.

## Enlaces de un solo uso

link-invited-title = Elige tu contraseña
link-invited-intro = Te han invitado como { $user }. Este enlace solo funciona una vez.
link-new-password-title = Elige una contraseña nueva
link-new-password-intro = Para { $user }. Este enlace solo funciona una vez. Al usarlo se cierran todas las sesiones de esta cuenta.
link-enrolment-title = Configura tu segundo factor
link-enrolment-intro = Para { $user }. Inicia sesión con tu contraseña y añade una aplicación. Este enlace solo sirve una vez.
link-enrolment-submit = Continuar
flash-link-of-another = Has iniciado sesión como { $user }, y este enlace es para otra persona. Cierra la sesión y vuelve a abrirlo.
link-submit = Guardar contraseña e iniciar sesión
flash-invited = ¡Te damos la bienvenida! Tu contraseña está guardada y ya has iniciado sesión.
flash-new-password =
    { $n ->
        [0] Tu contraseña nueva está guardada y ya has iniciado sesión. No tenías otras sesiones.
        [one] Tu contraseña nueva está guardada y ya has iniciado sesión. Se ha cerrado otra sesión.
       *[other] Tu contraseña nueva está guardada y ya has iniciado sesión. Se han cerrado otras { $n } sesiones.
    }
help-title = ¿No puedes iniciar sesión?
help-password = ¿Olvidaste tu nombre de usuario o tu contraseña?
help-password-answer = Habla con un administrador de este sitio: puede decirte tu nombre de usuario y darte un enlace para elegir una contraseña nueva. Los administradores no pueden ver tu contraseña.
help-attempts = ¿Demasiados intentos?
help-attempts-answer = Espera el tiempo que indica la página e inténtalo de nuevo.
help-disabled = ¿Cuenta desactivada?
help-disabled-answer = Un administrador puede volver a activarla.
help-back = Volver al inicio de sesión

## Una contraseña olvidada

forgot-link = ¿Olvidaste tu contraseña?
forgot-title = ¿Olvidaste tu contraseña?
forgot-intro = Escribe tu nombre de usuario o tu dirección de correo. Si pertenece a una cuenta de este sitio, recibirás un correo con un enlace para elegir una contraseña nueva.
forgot-label = Nombre de usuario o dirección de correo
forgot-submit = Enviar enlace
forgot-sent-title = Mira tu correo
forgot-sent-text = Si lo que escribiste pertenece a una cuenta, hay un correo en camino a su dirección. El enlace que contiene funciona una sola vez, durante diez minutos.
forgot-sent-none = ¿No llega? Mira entre los correos no deseados o pregunta a un administrador de este sitio: puede que la cuenta no tenga una dirección confirmada. El segundo factor se pide igual que antes.
error-forgot-missing = Escribe tu nombre de usuario o tu dirección de correo

## «No fui yo», desde un correo

not-me-title = ¿No fuiste tú?
not-me-intro = Un correo avisó a { $user } de esto:
not-me-about-new_browser = Inicio de sesión con un navegador nuevo
not-me-about-password_changed = Contraseña cambiada
not-me-about-factor_added = Segundo factor añadido
not-me-about-factor_removed = Segundo factor quitado
not-me-about-factors_reset = Segundos factores retirados por un administrador
not-me-about-sessions_ended = Sesiones cerradas por un administrador
not-me-about-address_changed = Dirección de correo cambiada
not-me-will = Si no fuiste tú, deja fuera a quien haya sido. Esto cierra todas las sesiones de la cuenta y anula su contraseña, también para ti, hasta que elijas una nueva.
not-me-factor = El segundo factor que se añadió se quita.
not-me-submit = No fui yo: cerrar todas las sesiones
not-me-leave = Si fuiste tú, cierra esta página: no cambia nada.
not-me-done-title = Todas las sesiones están cerradas
not-me-done-text =
    { $n ->
        [0] No había ninguna sesión abierta. La contraseña ya no sirve.
        [one] Se cerró { $n } sesión, y la contraseña ya no sirve.
       *[other] Se cerraron { $n } sesiones, y la contraseña ya no sirve.
    }
not-me-done-receipt = Comprobante
not-me-done-next = Ahora elige una contraseña nueva. Podrás ver el comprobante cuando hayas vuelto a iniciar sesión.
not-me-done-ask = Pide a un administrador de este sitio un enlace para elegir una contraseña nueva.

## Correos

mail-greeting = Hola, { $user }:
mail-fact-at = Cuándo
mail-fact-browser = Navegador
mail-fact-address = Dirección
mail-fact-factor = Segundo factor
mail-fact-ended = Cerradas
mail-sessions =
    { $n ->
        [one] { $n } sesión
       *[other] { $n } sesiones
    }
mail-link-until = El enlace funciona una sola vez, hasta el { $when }. No lo compartas: quien lo tenga elige la contraseña.
mail-link-unwanted = Si no esperabas este correo, no hagas nada: no cambia nada.
mail-receipt-note = El comprobante muestra qué sesiones se cerraron. Para verlo hay que iniciar sesión.
mail-report-intro = Si fuiste tú, no tienes que hacer nada. Si no, deja fuera a quien haya sido:
mail-report-action = No fui yo
mail-footer = { $site } ({ $address }) envió este correo automáticamente. Nadie lee las respuestas.
mail-test-subject = El correo de { $site } funciona
mail-test-greeting = Hola:
mail-test-text = Este es el correo de prueba que pediste. { $site } puede enviar correo.
mail-invitation-subject = Tu cuenta en { $site }
mail-invitation-text = Tienes una cuenta en { $site }. Tu nombre de usuario es { $user }. Elige una contraseña y ya habrás iniciado sesión.
mail-invitation-action = Elegir una contraseña
mail-new_password-subject = Una contraseña nueva para { $site }
mail-new_password-text = Un administrador creó un enlace para que elijas una contraseña nueva. Al usarlo se cierran todas las sesiones de tu cuenta.
mail-new_password-action = Elegir una contraseña nueva
mail-address-until = El enlace funciona una sola vez, hasta el { $when }, en un navegador en el que tengas la sesión iniciada.
mail-confirm_address-subject = ¿Es esta tu dirección en { $site }?
mail-confirm_address-text = { $user } quiere poner esta dirección de correo en su cuenta. Si eres tú, confírmala.
mail-confirm_address-action = Confirmar la dirección
mail-forgotten_password-subject = Una contraseña nueva para { $site }
mail-forgotten_password-text = Alguien, seguramente tú, dijo que olvidó la contraseña de { $user }. Al usar el enlace se cierran todas las sesiones de la cuenta.
mail-forgotten_password-action = Elegir una contraseña nueva
mail-new_browser-subject = Nuevo inicio de sesión en { $site }
mail-new_browser-text = Se inició sesión en tu cuenta con un navegador en el que no se había usado antes.
mail-password_changed-subject = Tu contraseña de { $site } ha cambiado
mail-password_changed-text = La contraseña de tu cuenta ha cambiado.
mail-factor_added-subject = Se añadió un segundo factor en { $site }
mail-factor_added-text = Se añadió un segundo factor a tu cuenta.
mail-factor_removed-subject = Se quitó un segundo factor en { $site }
mail-factor_removed-text = Se quitó un segundo factor de tu cuenta.
mail-factors_reset-subject = Se retiraron tus segundos factores en { $site }
mail-factors_reset-text = Un administrador retiró todos los segundos factores de tu cuenta y cerró sus sesiones.
mail-sessions_ended-subject = Se cerró tu sesión en { $site }
mail-sessions_ended-text = Un administrador cerró sesiones de tu cuenta.
mail-address_changed-subject = La dirección de tu cuenta en { $site } ha cambiado
mail-address_changed-text = La dirección de correo de tu cuenta se cambió o se quitó. Este es el último correo que recibes aquí.

## Usuarios, para administradores

nav-users = Usuarios
nav-about = Acerca de
users-title = Usuarios
users-name = Nombre
users-role-any = Cualquier rol
users-state-present = Todos, salvo eliminados
users-state-enabled = Activos
users-state-invited = Invitados
users-state-disabled = Desactivados
users-state-deleted = Eliminados
users-factor-any = Con o sin él
users-factor-yes = Con segundo factor
users-factor-no = Sin segundo factor
users-imported = Importación
users-imported-any = Importados o no
users-imported-waiting = Importados que aún no han iniciado sesión
users-imported-signed_in = Importados que ya han iniciado sesión
users-moving = { $moved } de { $all } usuarios importados ya han iniciado sesión.
users-moving-of-more =
    { $n ->
        [one] Un usuario importado aún no ha iniciado sesión.
       *[other] { $n } usuarios importados aún no han iniciado sesión.
    }
users-moving-more =
    { $n ->
        [one] Más de un usuario importado aún no ha iniciado sesión.
       *[other] Más de { $n } usuarios importados aún no han iniciado sesión.
    }
users-moving-who = Quiénes faltan
users-none-enabled = Nadie puede iniciar sesión.
users-none-invited = No hay nadie invitado ahora mismo.
users-none-disabled = No hay nadie desactivado.
users-none-deleted = No se ha eliminado a nadie.
users-only-you = Por ahora solo estás tú. Añade a las personas que deban poder iniciar sesión.
users-all =
    { $n ->
        [one] Un usuario
       *[other] { $n } usuarios, por nombre
    }
users-match =
    { $n ->
        [one] Coincide un usuario
       *[other] Coinciden { $n } usuarios
    }
users-match-more =
    { $n ->
        [one] Coincide un usuario o más
       *[other] Coinciden más de { $n } usuarios
    }
users-stopped =
    { $n ->
        [one] Se buscó en un usuario.
       *[other] Se buscó en { $n } usuarios. Elige «Página siguiente» para seguir buscando, o escribe más letras del nombre.
    }
users-add = Añadir usuario
pager-first = Primera página
pager-previous = Página anterior
pager-next = Página siguiente
user-state = Estado
user-state-enabled = Activo
user-state-disabled = Desactivado
user-state-deleted = Eliminado
user-state-invited = Invitado
user-until = hasta
user-open-sessions = Sesiones abiertas
user-uid = ID permanente
user-acts = Acciones
breadcrumb-label = Dónde está esta página
breadcrumb-session = Sesión { $session }
user-about = Sobre este usuario
user-no-sessions = No hay ninguna sesión abierta.
user-sessions-caption =
    { $n ->
        [one] Una sesión abierta
       *[other] { $n } sesiones abiertas
    }
user-sessions-newest =
    { $n ->
        [one] La única sesión abierta
       *[other] Las más recientes de { $n } sesiones abiertas
    }
user-all-sessions = Todas las sesiones abiertas
user-all-events = Todos los eventos
user-danger = Zona de peligro
user-danger-intro = Se pide confirmación antes, y el efecto es inmediato.
user-end-sessions-link = Cerrar todas las sesiones…
user-link-link = Crear enlace de contraseña…
user-link-title = Crear un enlace de contraseña para { $user }
user-link-intro = Recibirás un enlace para { $user }, con el que podrá elegir una contraseña nueva. Al usarlo se cierran todas sus sesiones. Cualquier enlace anterior deja de funcionar.
user-link-submit = Crear enlace
user-link-done = Hecho.
user-make-admin-link = Hacer administrador…
user-make-admin-title = ¿Hacer administrador a { $user }?
user-make-admin-intro = { $user } podrá ver y cerrar las sesiones de todos los usuarios, y añadir, desactivar y eliminar usuarios.
user-make-admin-submit = Hacer administrador
user-make-admin-done = { $user } ahora es administrador.
user-make-user-link = Quitar los permisos de administrador…
user-make-user-title = ¿Quitar los permisos de administrador a { $user }?
user-make-user-intro = { $user } mantiene la sesión abierta, pero ya no podrá abrir las páginas de administración.
user-make-user-yourself = Dejarás de ver estas páginas, y otro administrador tendrá que devolverte los permisos.
user-make-user-submit = Quitar los permisos
user-make-user-done = { $user } ya no es administrador.
user-schedule-link = Programar la desactivación…
user-schedule-title = ¿Cuándo se desactiva { $user }?
user-schedule-intro = Desde ese momento { $user } no podrá iniciar sesión y se cerrarán todas sus sesiones.
user-schedule-now = Fecha actual:
user-schedule-date = Fecha y hora ({ $zone })
user-schedule-hint = Déjalo vacío para no poner fecha.
user-schedule-yourself = En esa fecha se cerrará tu sesión, y otro administrador tendrá que volver a darte acceso.
user-schedule-submit = Guardar fecha
user-schedule-done = Se ha fijado la fecha de desactivación de { $user }.
user-schedule-cleared = { $user } ya no tiene fecha de desactivación.
user-act-ends =
    { $n ->
        [one] Se cierra al momento 1 sesión abierta.
       *[other] Se cierran al momento { $n } sesiones abiertas.
    }
user-disable-link = Desactivar…
user-disable-title = ¿Desactivar a { $user }?
user-disable-intro = { $user } no podrá iniciar sesión hasta que actives de nuevo la cuenta.
user-disable-yourself = Se cerrará tu sesión, y otro administrador tendrá que volver a darte acceso.
user-disable-submit =
    { $n ->
        [0] Desactivar
        [one] Desactivar y cerrar 1 sesión
       *[other] Desactivar y cerrar { $n } sesiones
    }
user-disable-done =
    { $n ->
        [0] Se ha desactivado a { $user }. No había sesiones abiertas.
        [one] Se ha desactivado a { $user }. Se ha cerrado una sesión.
       *[other] Se ha desactivado a { $user }. Se han cerrado { $n } sesiones.
    }
user-enable-link = Activar…
user-enable-title = ¿Activar a { $user }?
user-enable-intro = { $user } podrá volver a iniciar sesión con la misma contraseña.
user-enable-submit = Activar
user-enable-done = { $user } puede volver a iniciar sesión.
user-delete-link = Eliminar…
user-delete-title = ¿Eliminar a { $user }?
user-delete-intro = { $user } ya no podrá iniciar sesión.
user-delete-name-stays = El nombre queda reservado, para que nadie más pueda usarlo después.
user-delete-can-restore = Podrás restaurar la cuenta, pero no su contraseña, sus sesiones ni sus permisos.
user-delete-type = Escribe { $user } para confirmar
user-delete-yourself = Se cerrará tu sesión, y otro administrador tendrá que restaurar tu cuenta.
user-delete-submit =
    { $n ->
        [0] Eliminar
        [one] Eliminar y cerrar 1 sesión
       *[other] Eliminar y cerrar { $n } sesiones
    }
user-delete-done =
    { $n ->
        [0] Se ha eliminado a { $user }. No había sesiones abiertas.
        [one] Se ha eliminado a { $user }. Se ha cerrado una sesión.
       *[other] Se ha eliminado a { $user }. Se han cerrado { $n } sesiones.
    }
user-display-name = Nombre visible
user-display-name-hint = Cómo se llama la persona, por ejemplo con nombre y apellidos. No sirve para iniciar sesión.
user-mail = Correo electrónico
user-mail-hint = No puede haber dos usuarios con el mismo.
account-mail-unverified = sin confirmar
account-mail-change = Cambiar
account-mail-add = Añadir
own-address-title = Cambiar la dirección de correo
own-address-intro = Recibirás un enlace en la nueva dirección. Será tuya cuando lo abras con la sesión iniciada.
own-address-submit = Enviar enlace
confirm-address-title = Confirma tu dirección
confirm-address-intro = { $address } pasa a ser la dirección de correo de tu cuenta. Si había otra, se le envía un aviso.
confirm-address-submit = Confirmar
user-mail-verified = verificado
user-mail-unverified = Sin verificar
user-mail-verified-check = La dirección está verificada
user-mail-verified-hint = Márcalo solo si sabes que la dirección es de este usuario.
user-notes = Notas
user-notes-hint =
    { $n ->
        [one] Solo para administradores. Un carácter.
       *[other] Solo para administradores. Texto sin formato, hasta { $n } caracteres.
    }
user-details-link = Editar datos…
user-details-title = Datos de { $user }
user-details-intro = El usuario ve el nombre visible y el correo en su propia página, pero no las notas. Deja un campo vacío para borrar su contenido.
user-details-submit = Guardar
user-details-done = Se han guardado los datos de { $user }.
error-display_name-length = El nombre visible es demasiado largo: tiene como máximo 100 caracteres.
error-display_name-form = El nombre visible necesita una letra o una cifra, y no puede tener caracteres invisibles.
error-mail-length = La dirección de correo es demasiado larga.
error-mail-form = Escribe una dirección de correo como nombre@example.org.
error-mail-missing = Escribe la dirección que está verificada.
error-own-address-too-often = Se enviaron tres enlaces en una hora. Inténtalo más tarde.
error-own-address-taken = Otra persona tiene esta dirección, así que no puede ser la tuya. Pregunta a un administrador.
error-mail-taken = { $user } tiene esta dirección de correo.
error-notes-length = Las notas son demasiado largas: tienen como máximo 1000 caracteres.
error-notes-form = Las notas tienen caracteres invisibles. Escríbelas de nuevo o pégalas como texto sin formato.
error-details-outdated = Alguien cambió estos datos después de que abrieras esta página, así que no se ha guardado nada. Mira la página del usuario en otra pestaña; si guardas de nuevo, se sustituye lo que hay.
user-rename-link = Cambiar el nombre…
user-rename-title = Cambiar el nombre de { $user }
user-rename-intro = Conserva su contraseña, y nadie más podrá usar el nombre { $user }.
user-rename-new = Nombre de usuario nuevo
user-rename-look = Continuar
user-rename-confirm = ¿Cambiar el nombre de { $user } a { $new }?
user-rename-confirm-intro = Desde ese momento iniciará sesión como { $new }, con la misma contraseña, y nadie más podrá usar el nombre { $user }.
user-rename-submit =
    { $n ->
        [0] Cambiar el nombre
        [one] Cambiar el nombre y cerrar 1 sesión
       *[other] Cambiar el nombre y cerrar { $n } sesiones
    }
user-rename-done =
    { $n ->
        [0] Este usuario ahora se llama { $user }. No había sesiones abiertas.
        [one] Este usuario ahora se llama { $user }. Se ha cerrado una sesión.
       *[other] Este usuario ahora se llama { $user }. Se han cerrado { $n } sesiones.
    }
user-past-names = Nombres anteriores
user-restore-link = Restaurar cuenta…
user-restore-title = ¿Restaurar a { $user }?
user-restore-intro = { $user } vuelve a ser un usuario normal. Recibirás un enlace para que elija una contraseña nueva. Su contraseña, sus sesiones, sus tokens y sus permisos anteriores no vuelven.
user-restore-submit = Restaurar y obtener enlace
user-restore-done = Se ha restaurado la cuenta de { $user }.
flash-user-no-change = No se ha cambiado nada: { $user } ya estaba así.
add-user-intro = Recibirás un enlace para que la persona elija su contraseña. Tú nunca la verás.
add-user-admin = Hacer administrador a este usuario
add-user-admin-hint = Los administradores pueden ver y cerrar las sesiones de todos los usuarios, y gestionar usuarios.
add-user-mail = Dirección de correo (opcional)
add-user-mail-hint = El enlace también se envía allí.
add-user-submit = Añadir y obtener enlace
made-link-invitation = Se ha añadido a { $user }
made-link-new-password = Enlace de contraseña para { $user }
made-link-enrolment = Enlace del segundo factor para { $user }
made-link-enrolment-intro = Entrega este enlace a { $user } por un medio que solo esa persona pueda leer. Con él y su contraseña podrá configurar un segundo factor. Aquí se muestra durante 10 minutos.
made-link-intro = Entrega este enlace a { $user } por un medio que solo esa persona pueda leer. Aquí se muestra durante 10 minutos.
made-link-label = Enlace
made-link-until = Válido hasta
made-link-once = Solo funciona una vez.
made-link-mail-waiting = También va en camino a { $address }; aún no se ha enviado.
made-link-mail-sent = También se envió a { $address }.
made-link-mail-given-up = El correo a { $address } se abandonó: entrega tú el enlace.
made-link-copy = Copiar enlace
made-link-copied = Copiado
made-link-done = Listo
made-link-add-another = Añadir otro usuario
made-link-gone-title = No hay enlace que mostrar para { $user }
made-link-gone = Un enlace se muestra durante 10 minutos, en el navegador en que se creó y mientras se pueda usar. Puedes crear otro; el anterior deja entonces de funcionar.
made-link-back = Volver a { $user }
made-link-lacks-base = Portero no sabe con qué dirección se llega a él, así que esto es solo el final del enlace. Pon delante la dirección que muestra tu navegador, como http://portero.lan:8080. Cuando configures public_url, los enlaces estarán completos.
error-name-taken = Ya hay un usuario con ese nombre.
error-name-deleted = El usuario con ese nombre se eliminó el { $when }, y el nombre sigue reservado. Puedes restaurar la cuenta desde la lista de usuarios eliminados.
error-name-lookalike = Este nombre se parece a { $user } y podrían confundirse. Elige un nombre que se distinga mejor.
error-name-past = { $user } tuvo ese nombre hasta el { $when }, y nadie más puede usarlo.
error-user-deleted = Este usuario se eliminó el { $when }. Solo se puede restaurar la cuenta.
error-user-not-deleted = Este usuario no está eliminado.
error-name-not-typed = El campo está vacío. Para eliminar a este usuario, escribe aquí { $user }.
error-name-differs = Ese no es el nombre.
error-last-admin = Es el último administrador. Sin ninguno, nadie puede gestionar los usuarios.
error-user-is-out = El usuario está desactivado. Activa primero la cuenta.
error-moment-past = Ese momento ya pasó. Elige uno posterior o déjalo vacío.

## El registro de auditoría

nav-audit = Auditoría
audit-title = Registro de auditoría
audit-intro = Todo lo que quedó registrado, de lo más reciente a lo más antiguo. Nadie puede cambiar ni borrar un registro sin que se note.
audit-caption = Eventos registrados, los más recientes primero
audit-total =
    { $n ->
        [one] 1 evento
       *[other] { $n } eventos, empezando por los más recientes
    }
audit-total-many = Más de { $n } eventos, empezando por los más recientes
audit-what = Qué
audit-user = Usuario afectado
audit-when = Cuándo
audit-by = Hecho por
audit-from = Desde
audit-session = Sesión
audit-any = Cualquier cosa
audit-nothing-yet = Todavía no hay nada registrado.
audit-stopped =
    { $n ->
        [one] Se buscó en un evento.
       *[other] Se buscó en los últimos { $n } eventos. Elige «Anteriores» para buscar más atrás, o acota el tiempo.
    }
event-by-operator = Línea de comandos ({ $name })
event-address-cleared = Borrada tras un tiempo
event-no-date = Fecha retirada
event-link-setup = Enlace de instalación
event-link-invitation = Invitación
event-link-enrolment = Para configurar un segundo factor
event-link-new_password = Para una contraseña nueva
event-link-confirm_address = Para confirmar una dirección
event-link-forgotten_password = Pedido por el usuario, por correo
event-did-not-fit = Se esperaba el evento { $expected }, se encontró { $found }
event-signed_in = Inicio de sesión
event-sign_in_failed = Inicio de sesión fallido
event-confirmed = Identidad confirmada con la contraseña
event-confirm_failed = Confirmación fallida
event-second_factor_failed = Código incorrecto tras la contraseña correcta
event-factor_added = Segundo factor añadido
event-factor_removed = Segundo factor quitado
event-factors_reset = Segundo factor retirado
event-reported_by_mail = «No fui yo» por correo
event-recovery_codes_made = Códigos de recuperación creados
event-recovery_code_used = Código de recuperación usado
event-browser_trusted = Navegador recordado
event-browser_forgotten = Navegador olvidado
event-passkey_count_went_back = Llave de acceso rechazada: puede que la hayan copiado
event-factor_renamed = Segundo factor con otro nombre
event-password_changed = Contraseña cambiada
event-session_recovered = El navegador volvió con cookies antiguas
event-session_ended =
    { $n ->
        [one] Sesión cerrada
       *[other] { $n } sesiones cerradas
    }
event-token_revoked = Token revocado
event-refresh_reused = Se reutilizó un token antiguo
event-user_added = Usuario añadido
event-users_imported =
    { $n ->
        [one] Un usuario importado
       *[other] { $n } usuarios importados
    }
event-user_disabled = Usuario desactivado
event-user_enabled = Usuario activado
event-role_changed = Rol cambiado
event-link_made = Enlace creado
event-user_deleted = Usuario eliminado
event-disable_scheduled = Fecha de desactivación fijada
event-group_added = Grupo añadido
event-group_removed = Grupo eliminado
event-group_member_added = Añadido a un grupo
event-group_member_removed = Quitado de un grupo
event-key_added = Clave de firma añadida
event-key_rotated = Clave de firma rotada
event-key_retired = Clave de firma retirada
event-keys_sealed = Claves selladas con una clave maestra
event-client_added = Aplicación añadida
event-app_changed = Aplicación cambiada
event-app_secret_made = Secreto de aplicación creado
event-client_removed = Aplicación eliminada
event-sign_out_tested = Aviso de prueba enviado a una aplicación
event-app_drilled = Simulacro: si una aplicación rechaza una sesión terminada
event-user_restored = Usuario restaurado
event-user_renamed = Usuario renombrado
event-details_changed = Datos cambiados
event-field-display_name = Nombre visible
event-field-mail = Correo electrónico
event-field-mail_verified = Verificación del correo
event-field-notes = Notas
event-renamed = de { $from } a { $to }
event-backup_made = Copia de seguridad hecha
event-exported = Lista exportada
event-filter-user = usuario { $value }
event-filter-by = hecho por { $value }
event-filter-ip = desde { $value }
event-filter-session = sesión { $value }
event-filter-from = a partir de: { $value }
event-filter-until = hasta: { $value }
event-filter-name = nombres que empiezan por «{ $value }»
event-filter-hashes = con hashes de contraseñas
event-restored = Copia de seguridad restaurada
event-database_moved = Base de datos trasladada
event-backup-of = hecha el { $when }
event-audit_did_not_fit = El registro de auditoría se había recortado o cambiado
event-audit_sealed = Los eventos anteriores se sellaron, como tras una actualización
event-sealed-up-to = hasta el evento { $n }
activity-title = Actividad
activity-find = Dirección o sesión
activity-intro = Lo que ocurrió en tu cuenta, de lo más reciente a lo más antiguo.
activity-all = Toda la actividad
user-latest = Últimos eventos
story-events = Auditoría de esta sesión

## Resumen, para administradores

nav-overview = Resumen
overview-title = Resumen
overview-attention = Requiere atención
overview-all-well = No hay nada que requiera tu atención.
overview-danger = Peligro:
overview-database = La base de datos no funciona bien
overview-database-advice = El registro del servidor dice por qué. Si está dañada, detén el servidor y restaura una copia de seguridad.
overview-disk =
    { $n ->
        [one] Solo queda { $n } MB libre en el disco
       *[other] Solo quedan { $n } MB libres en el disco
    }
overview-disk-advice = Libera espacio: con el disco lleno nadie puede entrar, y una copia de seguridad ocupa tanto como la base de datos.
overview-audit-fault =
    { $n ->
        [one] El registro de auditoría fue cortado o sustituido
       *[other] El registro de auditoría fue cortado o sustituido { $n } veces
    }
overview-audit-fault-advice = Si no restauraste tú una base de datos anterior, alguien la cambió: averigua quién puede escribir en la carpeta de datos del servidor.
overview-failures =
    { $n ->
        [one] { $n } intento fallido de inicio de sesión desde la última hora, mucho más de lo habitual
       *[other] { $n } intentos fallidos de inicio de sesión desde la última hora, muchos más de lo habitual
    }
overview-failures-advice = Puede que alguien esté probando contraseñas. Portero lo frena; mira de dónde vienen los intentos y bloquea esas redes en tu cortafuegos.
overview-theft =
    { $n ->
        [one] Se reutilizó un token antiguo en los últimos 30 días
       *[other] Se reutilizaron tokens antiguos { $n } veces en los últimos 30 días
    }
overview-theft-advice = Las sesiones se cerraron. Abre el historial de la sesión y pregunta a su usuario: si su navegador no recuperó cookies antiguas, alguien las copió.
overview-guessing =
    { $n ->
        [one] Se cerró una sesión por demasiadas contraseñas incorrectas en los últimos 30 días
       *[other] Se cerraron { $n } sesiones por demasiadas contraseñas incorrectas en los últimos 30 días
    }
overview-guessing-advice = Quien tenía la sesión no sabía su contraseña. Pregunta a su usuario si fue él.
overview-clock = El reloj del servidor ha dado un salto
overview-clock-advice = Comprueba la hora del sistema. Hasta que lleve un día estable no se limpia nada antiguo.
overview-slowed = Frenado tras contraseñas incorrectas: { $who }
overview-slowed-accounts =
    { $n ->
        [one] { $n } nombre de usuario
       *[other] { $n } nombres de usuario
    }
overview-slowed-networks =
    { $n ->
        [one] { $n } red
       *[other] { $n } redes
    }
overview-slowed-others =
    { $n ->
        [one] y una más
       *[other] y { $n } más
    }
overview-slowed-advice = Si es una persona que se equivocó al escribir, no hay que hacer nada. Si continúa, mira de dónde vienen los intentos.
overview-odd =
    { $n ->
        [one] Hay { $n } sesión inusual abierta
       *[other] Hay { $n } sesiones inusuales abiertas
    }
overview-many-odd =
    { $n ->
        [one] Hay { $n } sesión inusual abierta o más
       *[other] Hay { $n } sesiones inusuales abiertas o más
    }
overview-odd-advice = Se usaron desde otro navegador o lugar de lo esperado. Mira su historial y cierra las que nadie reconozca.
overview-without-factor =
    { $n ->
        [one] Una persona no tiene segundo factor
       *[other] { $n } personas no tienen segundo factor
    }
overview-many-without-factor =
    { $n ->
        [one] { $n } persona o más no tiene segundo factor
       *[other] { $n } personas o más no tienen segundo factor
    }
overview-without-factor-advice = Se les pide uno, y no podrán seguir hasta que lo configuren.
overview-without-factor-soon = A partir del { $when } se les pedirá uno, y no podrán seguir hasta que lo configuren. Avísales antes.
overview-nodes =
    { $n ->
        [one] Un nodo no responde
       *[other] { $n } nodos no responden
    }
overview-nodes-advice = Un nodo que no responde no acepta ningún token, pero nadie pierde su sesión. Su registro dice por qué; el que ya no vuelve desaparece de la lista al cabo de un día.
overview-unreadable = Tu proxy no dice de dónde vienen algunas peticiones
overview-unreadable-advice = Los límites y las listas no pueden distinguir a estos visitantes. Compara client_ip_header con lo que envía el proxy.
overview-forwarded = Llegó una cabecera de reenvío desde una dirección que no es de confianza
overview-forwarded-advice = Si es tu proxy, añádelo a trusted_proxies: hasta entonces parece que todos vienen del proxy.
overview-backup =
    { $n ->
        [one] La última copia de seguridad es de hace { $n } día
       *[other] La última copia de seguridad es de hace { $n } días
    }
overview-no-backup = No hay ninguna copia de seguridad
overview-backup-advice = Ejecuta «portero backup FILE» con el servidor en marcha, mejor cada día, y guarda el archivo en otra máquina.
overview-public-url = No hay ninguna dirección para los enlaces
overview-public-url-advice = Pon en public_url la dirección que usan las personas, para que los enlaces de contraseña funcionen en todas partes.
overview-one-admin = Solo hay un administrador
overview-one-admin-advice = Haz administrador también a alguien de confianza, por si este no puede entrar.
overview-key-age =
    { $n ->
        [one] La clave de firma tiene { $n } día
       *[other] La clave de firma tiene { $n } días
    }
overview-key-age-advice = Ejecuta «portero key new» y más tarde «portero key rotate». A nadie se le cierra la sesión.
overview-steps = Siguientes pasos
overview-step-people = Añade a las personas que entrarán aquí
overview-step-url = Pon la dirección que usan las personas, en portero.toml:
overview-step-backup = Haz una primera copia de seguridad:
overview-now = Con sesión iniciada
overview-people = Personas
overview-open = Sesiones
overview-active = Usadas en los últimos 15 min
overview-all-sessions = Todas las sesiones abiertas
overview-happened = Qué ha pasado
overview-span = Periodo mostrado
overview-day = Últimas 24 horas
overview-day-column = Hora ({ $zone })
overview-day-most = pico: { $n } por hora
overview-day-left-out =
    { $n ->
        [one] Se omite una hora en la que no pasó nada.
       *[other] Se omiten { $n } horas en las que no pasó nada.
    }
overview-month = Últimos 30 días
overview-month-column = Día ({ $zone })
overview-month-most = pico: { $n } por día
overview-month-left-out =
    { $n ->
        [one] Se omite un día en el que no pasó nada.
       *[other] Se omiten { $n } días en los que no pasó nada.
    }
overview-signed-in = Inicios de sesión
overview-signed-in-none = Ningún inicio de sesión.
overview-failed = Inicios fallidos
overview-failed-none = Ningún inicio fallido.
overview-renewed = Renovaciones
overview-renewed-none = Ninguna renovación.
overview-ended = Sesiones cerradas
overview-ended-none = Ninguna sesión cerrada.
overview-nothing = No pasó nada en este tiempo.
overview-picture = { $what }, { $most }
overview-of-danger = { $n } por robo o adivinación
overview-of-unknown = { $n } con nombres desconocidos
overview-as-table = Como tabla
overview-ends = Por qué terminaron las sesiones
overview-counted-since = Las renovaciones y los intentos con nombres desconocidos se cuentan desde
overview-acts = Actividad reciente de los administradores
overview-no-acts = Nada por ahora.
overview-all-events = Todos los eventos del registro de auditoría

## Acerca de esta instalación, para administradores

about-title = Acerca de esta instalación
about-running = Este servidor
about-version = Versión
about-uptime = En marcha
about-since = desde
about-database = Base de datos
about-folder = Carpeta de datos
about-prune = Última limpieza
about-not-yet = Ninguna desde el arranque
about-mail = Correo
about-mail-server = Se entrega en
about-mail-waiting = En espera
about-mail-waiting-count =
    { $n ->
        [0] Nada
        [one] { $n } correo
       *[other] { $n } correos
    }
about-mail-next = próximo intento
about-mail-last = Último envío
about-mail-none = Ninguno todavía
about-mail-given-up = Abandonados
about-mail-given-up-count =
    { $n ->
        [one] { $n } correo en los últimos 90 días
       *[other] { $n } correos en los últimos 90 días
    }
about-mail-trouble = Último fallo
mail-outcome-sent = Enviado
mail-outcome-deferred = El servidor no lo acepta ahora
mail-outcome-refused = El servidor lo rechazó
mail-outcome-not_let_in = El servidor no deja entrar a Portero
mail-outcome-not_secure = La conexión no era segura, así que no se envió nada
mail-outcome-not_reached = No se pudo llegar al servidor
mail-outcome-no_answer = El servidor no respondió como debía
mail-outcome-unsendable = El correo no se podía enviar tal como era
mail-outcome-expired = Ya era tarde para enviarlo
about-request = Tu petición
about-request-hint = Detrás de un proxy, la dirección debe ser la tuya y no la del proxy.
about-address = Tu dirección
about-peer = Conectado desde
about-host = Dirección solicitada
about-public-url = Los enlaces apuntan a
about-no-public-url = ninguna dirección: son solo rutas hasta que se configure public_url
about-cookies = Cookies
about-forwarded = Llegó una cabecera de reenvío desde una dirección que no está en trusted_proxies y se ignoró. Si es tu proxy, añádelo ahí.
about-exactness = Cuando termina una sesión
about-exactness-exact = Todas las aplicaciones la rechazan en la siguiente petición.
about-exactness-worst = En el peor de los casos sobrevive en una aplicación durante { $time }.
about-exactness-no-end = Hay una aplicación que no rechaza a nadie.
about-exactness-no-apps = Ninguna aplicación se fía todavía de la palabra de Portero.
about-changed = Ajustes cambiados
about-changed-none = Todos los ajustes tienen su valor predeterminado.
about-defaults =
    { $n ->
        [one] Un ajuste con su valor predeterminado
       *[other] { $n } ajustes con su valor predeterminado
    }
about-value-unset = (sin definir)
about-value-none = (ninguno)
about-value-hidden = (oculto)
about-value-made = (creado en el primer arranque)
about-setting = Ajuste
about-value = Valor
about-source = Origen
about-source-default = valor por defecto
about-source-file = archivo
about-source-environment = entorno
about-source-flag = línea de comandos
about-days =
    { $n ->
        [one] { $n } día
       *[other] { $n } días
    }
about-hours =
    { $n ->
        [one] { $n } hora
       *[other] { $n } horas
    }
about-minutes =
    { $n ->
        [one] { $n } minuto
       *[other] { $n } minutos
    }
about-seconds =
    { $n ->
        [one] { $n } segundo
       *[other] { $n } segundos
    }

## Los nodos

about-nodes = Nodos
about-doctor = Comprobar la salud de esta instalación
doctor-title = Salud de esta instalación
doctor-nothing = No hay nada mal, por lo que se ve desde esta máquina.
doctor-wrong =
    { $n ->
        [one] Hay una cosa mal.
       *[other] Hay { $n } cosas mal.
    }
doctor-command = Lo que reciben los navegadores a través del proxy no se ve desde aquí: «portero doctor», en la máquina del servidor, también lo comprueba.
doctor-check = Comprobación
doctor-result = Resultado
doctor-result-good = Correcto
doctor-result-wrong = Mal
doctor-result-not_judged = Sin comprobar
doctor-seen = Qué se ha visto
doctor-effect = Qué significa para las personas
doctor-change = Qué hay que cambiar
doctor-seen-mode = { $path } tiene los permisos { $mode }
doctor-seen-room = Quedan libres { $free } MB de { $whole } MB
doctor-seen-old-backup =
    { $n ->
        [one] La última copia de seguridad tiene { $n } día
       *[other] La última copia de seguridad tiene { $n } días
    }
doctor-seen-no-backup =
    { $n ->
        [one] No hay ninguna, y el primer arranque fue hace { $n } día
       *[other] No hay ninguna, y el primer arranque fue hace { $n } días
    }
doctor-seen-clock =
    { $n ->
        [one] El último evento del registro de auditoría va { $n } segundo por delante del reloj
       *[other] El último evento del registro de auditoría va { $n } segundos por delante del reloj
    }
doctor-seen-not-ready = /readyz dice: { $reason }
doctor-seen-plain-http = La gente llega por { $url }
doctor-seen-forwarded = Llegó una cabecera de reenvío desde una dirección que no está en trusted_proxies, y no se tuvo en cuenta
doctor-seen-no-address = Un proxy de confianza envió la cabecera de client_ip_header sin una dirección que se pueda leer
doctor-seen-mails-minutes =
    { $n ->
        [one] el más antiguo, desde hace { $n } minuto
       *[other] el más antiguo, desde hace { $n } minutos
    }
doctor-folder_is_public = Carpeta de datos
doctor-folder_is_public-effect = Otros usuarios de la máquina pueden mirar en la carpeta. Quien lee las claves puede hacerse pasar por cualquiera, y quien lee la base de datos tiene los nombres de todos.
doctor-folder_is_public-change = chmod go= en la carpeta
doctor-file_is_public = Claves y archivos de la base de datos
doctor-file_is_public-effect = Otros usuarios de la máquina podían leer estos archivos. Quien lee las claves puede hacerse pasar por cualquiera, y quien lee la base de datos tiene los nombres de todos.
doctor-file_is_public-change = chmod go= en el archivo. Una clave que otros podían leer es mejor cambiarla: portero key rotate
doctor-disk = Disco
doctor-disk-effect = Con el disco lleno nadie puede entrar ni cambiar nada, y no se puede cerrar la sesión de nadie.
doctor-disk-change = Libera espacio o lleva data_dir a un disco más grande.
doctor-backup = Copia de seguridad
doctor-backup-effect = Si falla el disco, hay que volver a añadir a todo el mundo.
doctor-backup-change = systemctl enable --now portero-backup.timer, o portero backup ARCHIVO cada noche
doctor-clock = Reloj
doctor-clock-effect = Los tokens caducan antes o después de tiempo, y se rechazan códigos correctos de las aplicaciones de autenticación.
doctor-clock-change = timedatectl set-ntp true
doctor-not_ready = Servidor y base de datos
doctor-not_ready-effect = La gente no puede entrar, o no se guarda nada de lo que cambia.
doctor-not_ready-change = El registro del servidor dice la causa.
doctor-plain_http = Dirección pública
doctor-plain_http-effect = Cualquiera que esté en el camino puede leer las contraseñas que se escriben.
doctor-plain_http-change = Pon en public_url una dirección que empiece por https://, y delante un proxy con certificado.
doctor-untrusted_proxy = Proxy
doctor-untrusted_proxy-effect = Si era tu proxy, todos parecen venir de él: unas pocas contraseñas incorrectas de un extraño dejan fuera a los demás.
doctor-untrusted_proxy-change = Añade la dirección de tu proxy a trusted_proxies. Si era otra persona, no hay que cambiar nada; se olvida al reiniciar.
doctor-client_address = De dónde viene la gente
doctor-client_address-effect = Los límites y las listas no pueden distinguir a estos visitantes.
doctor-client_address-change = Compara client_ip_header con lo que envía el proxy.
doctor-mail = Correo
doctor-mail-effect = Los enlaces para contraseñas nuevas no llegan, y la gente no se entera de lo que pasa con su cuenta.
doctor-mail-change = portero mail test DIRECCIÓN dice qué contesta el servidor de correo.
nodes-title = Nodos
nodes-intro = Estos servidores comparten una base de datos. Lo que termina en uno de ellos lo rechazan todos.
nodes-none = Un solo servidor atiende la base de datos. Con el ajuste cluster.lease pueden hacerlo varios.
nodes-name = Nodo
nodes-state = Estado
nodes-serving = En servicio
nodes-joining = Incorporándose
nodes-silent = No responde
nodes-struck-off = Dado de baja
nodes-lease = Plazo
nodes-behind = Retraso
nodes-behind-by =
    { $n ->
        [0] ninguno
        [one] { $n } confirmación
       *[other] { $n } confirmaciones
    }
nodes-beat = Última señal
nodes-differing = Ajustes que difieren
nodes-nothing = –
nodes-count =
    { $n ->
        [one] { $n } nodo
       *[other] { $n } nodos
    }

## Aplicaciones

apps-title = Aplicaciones
apps-intro = Aplicaciones que están detrás de la puerta de Portero y aplicaciones que le preguntan por tokens.
apps-add = Añadir una aplicación
apps-none = Todavía no hay ninguna aplicación.
apps-name = Nombre
apps-origins = Direcciones
apps-no-origin = Ninguna
apps-allowed = Quién puede entrar
apps-allowed-everyone = Cualquiera con la sesión iniciada
apps-allowed-listed = Solo algunas personas
apps-allowed-nobody = Nadie: no hay nadie en la lista
apps-allowed-nobody-yet = Nadie: no tiene dirección
apps-added = Añadida
apps-observes = Solo observa
apps-asks = Pregunta por tokens
app-add-intro = El proxy de la aplicación pregunta a Portero antes de cada petición. «portero proxy print» muestra lo que el proxy necesita.
app-asks = Esta aplicación puede preguntar por tokens. Sus secretos se crean en la línea de comandos.
app-origins = Direcciones
app-origins-hint = Una por línea, como https://wiki.example.org
app-people = Personas
app-people-hint = Nombres de usuario, uno por línea. Solo cuenta si no puede entrar cualquiera.
app-groups = Grupos
app-groups-hint = Nombres de grupos, uno por línea. Puede entrar quien esté en alguno. Solo cuenta si no puede entrar cualquiera.
app-admins = También todos los administradores
app-level = Qué tienen que haber demostrado
app-level-one = Un factor
app-level-two = Dos factores
app-max-age = Hace cuánto como máximo
app-max-age-hint = Como 15m, 12h o 7d. Vacío: en cualquier momento de su sesión.
app-open-paths = Abierto a cualquiera
app-open-paths-hint = Rutas, una por línea, cada una con todo lo que hay debajo, como /public
app-logout-uri = Se le avisa de los cierres de sesión en
app-logout-uri-hint = La dirección de la aplicación que recibe los avisos de OpenID Connect (back-channel logout), con https. Vacío: no se le avisa
app-identity = Decir a la aplicación quién entra
app-identity-hint = Nombre de usuario, nombre visible, correo electrónico y grupos, en cabeceras
app-preflight = Dejar pasar las consultas previas
app-preflight-hint = Los navegadores preguntan a la aplicación, sin iniciar sesión, qué pueden enviarle las páginas de otros sitios (CORS)
app-bearer = Aceptar tokens de acceso
app-bearer-hint = Los programas pueden mostrar uno en vez de iniciar sesión. Genera otra vez la configuración del proxy: así los tokens no llegan a la aplicación.
app-observe = Solo observar
app-observe-hint = Todo el mundo pasa, y el registro dice quién no podría
app-save = Guardar
app-added = La aplicación se ha añadido.
app-changed = La aplicación se ha cambiado. Vale desde la próxima petición.
app-no-change = Ya estaba así.
app-removed = La aplicación se ha eliminado.
app-remove-link = Eliminar { $app }
app-remove-title = ¿Eliminar { $app }?
app-remove-text = Nadie podrá entrar en la aplicación: su proxy rechazará todas las peticiones. Quita también Portero de la configuración del proxy.
app-remove-asks = Además, ya no podrá preguntar por tokens.
app-remove-submit = Eliminar la aplicación
error-app-name = El nombre de una aplicación tiene entre 1 y 64 caracteres
error-app-name-taken = Ya hay una aplicación con este nombre
error-app-origin-form = { $text } no es la dirección de una aplicación. Escríbela como https://wiki.example.org, sin nada detrás
error-app-origin-https = { $text } tiene que empezar por https://
error-app-origin-own = { $text } es la dirección del propio Portero
error-app-origin-taken = Otra aplicación está en { $origin }
error-app-open-path = { $text } se puede leer de más de una manera. Escríbela como /public
exactness-title = Cuando termina una sesión
exactness-learns = Cómo se entera
exactness-worst = Sobrevive como mucho
exactness-next-request = rechazada en la siguiente petición
exactness-no-end = no se rechaza a nadie
exactness-none = Todavía no entra nadie: la aplicación no tiene origen ni URI de redirección, y no pregunta por ningún token.
exactness-by-gate = La puerta pregunta por cada petición
exactness-by-introspection = Pregunta a Portero por cada token
exactness-by-status-list = Busca las sesiones en la lista de estado
exactness-by-back-channel = Portero se lo comunica. Hasta entonces, o si no toma nota
exactness-by-never = No se entera: un token vale hasta que caduca
exactness-by-observed = La puerta solo la observa
app-drill-last = Último simulacro:
app-drill-hint = Prueba lo que la aplicación hace de verdad:
app-drill-refused = rechazada en la siguiente petición
app-drill-refused-later = dejó entrar durante { $seconds } s más y luego rechazó
app-drill-refused-later-said-yes = dijo que sí, dejó entrar durante { $seconds } s más y luego rechazó
app-drill-let-in = seguía dejando entrar a los { $seconds } s
app-drill-let-in-said-yes = dijo que sí, pero seguía dejando entrar a los { $seconds } s
app-sign-outs = Cierres de sesión
app-sign-outs-none = Hasta ahora no ha habido nada de lo que avisarle.
app-test-last = Última prueba:
app-test-hint = Le avisa de una sesión que nadie tiene, para que veas si el aviso llega.
app-test-submit = Enviar un aviso de prueba
app-test-sent = El aviso de prueba se ha enviado. Abajo verás qué resultó.
error-app-logout-uri-form = Escribe una dirección como https://wiki.example.org/logout, sin nombre de usuario ni #
error-app-logout-uri-https = A una aplicación se le avisa con https. Con http sin cifrar solo para hacer pruebas, con Portero y la aplicación en este mismo equipo
error-app-outdated = Alguien ha cambiado esta aplicación después de que abrieras esta página, así que no se ha guardado nada. Mira la aplicación en otra pestaña; si guardas otra vez, se reemplaza lo que hay.
error-app-max-age = Indica un tiempo entre 1m y 365d, como 12h
error-app-nobody = No hay ningún usuario { $text }
error-app-group = No hay ningún grupo { $text }

# Groups of people
groups-title = Grupos
groups-intro = Grupos de personas. Las aplicaciones dejan entrar según ellos y saben quién está en cada uno.
groups-add = Añadir un grupo
groups-none = Todavía no hay ningún grupo.
groups-name = Nombre
groups-people = Personas
groups-size =
    { $n ->
        [0] Nadie
        [one] 1 persona
       *[other] { $n } personas
    }
group-name-hint = Letras sin acentos, cifras y . _ - + @ : /
group-added = El grupo se ha añadido. Todavía no hay nadie en él.
group-no-apps = Ninguna aplicación deja entrar por este grupo.
group-apps = Aplicaciones que dejan entrar a este grupo: { $apps }
group-put-in = Añadir personas
group-put-in-hint = Nombres de usuario, uno por línea, 100 como máximo. Vale desde la próxima petición a una aplicación.
group-put-in-submit = Añadir
group-people-added =
    { $n ->
        [0] Todas estaban ya en el grupo.
        [one] Se ha añadido una persona al grupo.
       *[other] Se han añadido { $n } personas al grupo.
    }
group-count =
    { $n ->
        [0] No hay nadie en el grupo
        [one] Hay una persona en el grupo
       *[other] Hay { $n } personas en el grupo
    }
group-only-first =
    { $n ->
        [one] Solo se muestra la primera. «portero group show» las muestra todas.
       *[other] Solo se muestran las primeras { $n }. «portero group show» las muestra todas.
    }
group-take-out = Quitar
group-take-out-of = Quitar a { $user }
group-person-taken-out = La persona ya no está en el grupo.
group-remove-link = Eliminar { $group }
group-remove-title = ¿Eliminar { $group }?
group-remove-text = Ya no habrá nadie en el grupo y ninguna aplicación sabrá de él. Las personas se quedan.
group-remove-submit = Eliminar el grupo
group-removed = El grupo se ha eliminado.
error-group-name = El nombre de un grupo tiene entre 1 y 64 letras sin acentos, cifras o . _ - + @ : /
error-group-name-taken = Ya hay un grupo con este nombre
error-group-nobody = Escribe al menos un nombre de usuario
error-group-too-many = Escribe como máximo 100 nombres de usuario
error-group-let-in = Hay aplicaciones que dejan entrar a este grupo: { $apps }. Cámbialas primero; si no, otro grupo con este nombre también podría entrar.
error-groups-too-long = Los nombres de todos los grupos de una persona tienen 1000 caracteres como máximo, porque las aplicaciones los reciben en una cabecera
user-groups-link = Editar grupos…
user-groups-title = Grupos de { $user }
user-groups-intro = Las aplicaciones dejan entrar a las personas según sus grupos. Un cambio vale desde la próxima petición a una aplicación.
user-groups-done = Los grupos de { $user } se han guardado.
error-user-groups-outdated = Alguien ha cambiado estos grupos después de que abrieras esta página, así que no se ha guardado nada. Mira la página del usuario en otra pestaña; si guardas otra vez, se reemplaza lo que hay.
app-openid-link = Iniciar sesión con OpenID Connect
app-openid-title = { $app }: OpenID Connect
app-openid-intro = La aplicación sabe por Portero quién es cada persona. Dale estos dos datos y un secreto.
app-client-id = ID de cliente
app-issuer = Emisor
app-redirect-uris = URI de redirección
app-redirect-uris-hint = Donde la aplicación recibe las respuestas, una por línea, letra por letra. Vacío: no inicia la sesión de nadie.
app-post-logout-uris = Direcciones tras cerrar sesión
app-post-logout-uris-hint = Adónde puede llevar entonces la aplicación, una por línea
app-trusted = De confianza
app-trusted-hint = No se pregunta a nadie si la aplicación puede saber quién es
app-public = No puede guardar un secreto
app-public-hint = Un programa en los dispositivos de la gente, o el script de una página
app-pkce = Debe enviar un reto (PKCE)
app-pkce-hint = Quítalo solo para una aplicación que no pueda
app-claims-in-id-token = Los ID tokens dicen también lo que dice /userinfo
app-claims-in-id-token-hint = Muchas aplicaciones no miran en otro sitio
app-status-list = Busca las sesiones en la lista de estado
app-status-list-hint = Sus ID tokens dicen entonces dónde. Márcalo solo para una aplicación que lo haga
app-algorithm = Los ID tokens se firman con
app-secret-title = El secreto nuevo
app-secret-text = Cópialo ahora: solo se muestra esta vez. El anterior sigue siendo válido hasta que se cree el siguiente.
app-secret-made = Secreto creado
app-new-secret = Crear otro secreto
app-new-secret-hint = El más reciente de los anteriores sigue siendo válido, para que la aplicación pueda cambiar.
error-app-uri-form = { $text } no es una dirección completa. Escríbela como https://wiki.example.org/callback, sin #
error-app-uri-https = { $text } tiene que empezar por https://. El http sin cifrar es solo para esta máquina

calls-title = Llamadas para programas
calls-intro = Qué pueden pedir los programas a este servidor y qué responde. Un miembro con ? se puede omitir, o puede faltar. Lo mismo para programas:
calls-who = Quién puede
calls-query = Consulta
calls-body = Cuerpo
calls-answer = Respuesta { $status }
calls-errors = Errores
calls-no-members = Sin miembros JSON
calls-anyone = Cualquiera
calls-app = Una app con sus credenciales
calls-named-app = Una app con sus credenciales, o con su nombre si no tiene
calls-user = Quien haya iniciado sesión
calls-admin = Administradores
calls-optional = Con token o sin él
calls-refresh = Con el token de renovación
calls-either = Con cualquiera de los dos tokens
calls-apps-token = Con el token que se dio a la app
calls-factor = Con el segundo factor, si lo hay
calls-factor-fresh = Con el segundo factor igual de reciente, si lo hay
calls-below-policy = También antes de dar un segundo factor obligatorio
calls-fresh =
    { $n ->
        [one] Tras demostrar la identidad en el último minuto
       *[other] Tras demostrar la identidad en los últimos { $n } minutos
    }
calls-signing-in = Iniciar sesión
calls-account = Tu cuenta
calls-factors = Segundos factores
calls-sessions = Sesiones, para administradores
calls-users = Usuarios, para administradores
calls-groups = Grupos, para administradores
calls-installation = La instalación, para administradores
calls-for-apps = Para apps
calls-monitoring = Supervisión
call-login = Iniciar sesión
call-login_factor = Dar el segundo factor
call-protected = Quién llama
call-whoami = Quién llama, si alguien ha iniciado sesión
call-refresh = Renovar el token de acceso
call-confirm = Demostrar otra vez quién eres
call-logout = Cerrar sesión, con cualquiera de los dos tokens
call-logout_elsewhere = Cerrar sesión aquí, en otros sitios o en todos
call-account = La cuenta propia
call-activity = Qué ha pasado en la cuenta propia
call-change_password = Cambiar la contraseña propia
call-ask_for_address = Pedir un enlace para la nueva dirección de correo
call-confirm_address = Confirmar la nueva dirección de correo con el enlace
call-own_session = El historial de una sesión propia
call-end_own_session = Terminar una sesión propia
call-forget_browser = Olvidar un navegador recordado
call-receipt = Qué terminó un acto
call-factors = Los segundos factores propios
call-add_totp = Configurar una app de autenticación
call-confirm_totp = Confirmar una app de autenticación
call-new_recovery_codes = Obtener nuevos códigos de recuperación
call-rename_factor = Cambiar el nombre de un segundo factor
call-remove_factor = Quitar un segundo factor
call-open_sessions = Todas las sesiones abiertas
call-export_sessions = Todas las sesiones abiertas, como archivo
call-session = El historial de la sesión de cualquiera
call-end_session = Terminar la sesión de cualquiera
call-end_sessions = Terminar todas las sesiones de un usuario, o todas desde un momento
call-revoked = Qué se rechaza
call-export_revoked = Qué se rechaza, como archivo
call-users = Todos los usuarios
call-export_users = Todos los usuarios, como archivo
call-add_user = Añadir un usuario
call-user = Un usuario
call-rename_user = Cambiar el nombre de un usuario
call-edit_user = Cambiar los datos de un usuario
call-set_user_groups = Poner a un usuario en grupos
call-reset_factors = Quitar los segundos factores de un usuario
call-new_enrolment_link = Crear un enlace para configurar un segundo factor
call-user_act = Hacer algo con un usuario
call-groups = Todos los grupos
call-add_group = Añadir un grupo
call-group = Un grupo
call-add_to_group = Poner a personas en un grupo
call-take_out_of_group = Sacar a alguien de un grupo
call-remove_group = Quitar un grupo
call-overview = Qué está pasando
call-apps = Todas las apps
call-nodes = Todos los nodos
call-audit_events = El registro de auditoría
call-export_audit = El registro de auditoría, como archivo
call-about = La instalación
call-doctor = Qué va mal en la instalación
call-introspect = Si un token vale en este momento (RFC 7662)
call-revoke = Hacer que se rechace un token (RFC 7009)
call-token = Canjear un código o un token de renovación (OpenID Connect)
call-userinfo = Quién ha iniciado sesión en una app (OpenID Connect)
call-userinfo_by_form = Lo mismo, con el token en un formulario
call-openid_configuration = Dónde encuentra una app cada cosa (OpenID Connect)
call-oauth_metadata = Lo mismo con el nombre de OAuth (RFC 8414)
call-jwks = Las claves públicas de los tokens de Portero (RFC 7517)
call-apps_jwks = Las claves públicas de lo que se firma para apps (RFC 7517)
call-status_lists = Las direcciones de todas las listas de estado
call-status_list = Qué sesiones han terminado, como lista firmada (Token Status List)
call-healthz = Si el servidor está vivo
call-readyz = Si el servidor está listo
call-openapi = Este documento
call-passkey_endpoints = Dónde se añaden y se ven las llaves de acceso (W3C)
