### Todo lo que Portero dice a las personas, en español. Las claves son las de en.ftl; una prueba las compara.

## En todas las páginas

skip-to-content = Saltar al contenido
nav-label = Principal
nav-account = Cuenta
nav-sessions = Sesiones
nav-revoked = Revocaciones
signed-in-as = Sesión iniciada como
sign-out = Cerrar sesión
cancel = Cancelar
never = Nunca
language-label = Idioma

## Campos

label-username = Nombre de usuario
label-password = Contraseña
label-password-choose = Contraseña
label-password-choose-again = Repite la contraseña
label-current-password = Contraseña actual
label-new-password = Contraseña nueva
label-new-password-again = Repite la contraseña nueva
hint-username = Letras y cifras de cualquier alfabeto; entre ellas también puntos, guiones, guiones bajos, + y @. Hasta 64 caracteres.
hint-new-password =
    { $n ->
        [one] Al menos { $n } carácter. Varias palabras sin relación forman una buena contraseña; también puedes pegarla.
       *[other] Al menos { $n } caracteres. Varias palabras sin relación forman una buena contraseña; también puedes pegarla.
    }
show = Mostrar
hide = Ocultar
show-password = Mostrar contraseña
hide-password = Ocultar contraseña
password-shown = Tu contraseña está a la vista.
password-hidden = Tu contraseña está oculta.
caps-lock-on = El bloqueo de mayúsculas está activado.

## Iniciar sesión

login-title = Iniciar sesión
login-remember = Mantener la sesión iniciada
login-remember-hint = No lo marques en un ordenador compartido.
login-submit = Iniciar sesión
notice-session-ended = Tu sesión ha terminado. Vuelve a iniciarla.
notice-sign-in-first = Primero inicia sesión. Después irás a la página que pediste.
notice-reuse = Una de tus sesiones se cerró porque alguien presentó de nuevo una llave ya usada; puede que la hayan copiado. Si no sabes a qué se debe, cambia tu contraseña.
notice-failed-attempts =
    { $n ->
        [one] Desde la última vez que iniciaste sesión, alguien escribió una contraseña incorrecta para tu cuenta una vez. Si no fuiste tú, asegúrate de que no usas esta contraseña en ningún otro sitio.
       *[other] Desde la última vez que iniciaste sesión, alguien escribió una contraseña incorrecta para tu cuenta { $n } veces. Si no fuiste tú, asegúrate de que no usas esta contraseña en ningún otro sitio.
    }

# La página que aparece un instante al llegar por un enlace de otro sitio.
onward-title = Un momento…
onward-link = Continuar

## Primer arranque

setup-title = Crea la primera cuenta de administración
setup-intro = Esta cuenta puede ver y cerrar las sesiones de todo el mundo. El enlace a esta página solo funciona una vez.
setup-submit = Crear la cuenta
flash-welcome = ¡Todo listo! Tu cuenta de administración está creada y ya has iniciado sesión.

## Confirma que eres tú

confirm-title = Confirma que eres tú
confirm-intro = Escribe otra vez tu contraseña { $purpose }.
confirm-submit = Confirmar
# Completa «Escribe otra vez tu contraseña …».
purpose-change-password = para cambiarla
# Lo mismo.
purpose-end-sessions = antes de cerrar sesiones
# Completa «Escribe otra vez tu contraseña …».
purpose-continue = para continuar
flash-confirm-first = Todavía no se ha cambiado nada. Primero confirma que eres tú y después envía otra vez el formulario.

## Cambiar la contraseña

change-password-title = Cambia tu contraseña
change-password-end-others =
    { $n ->
        [0] Cerrar mis otras sesiones (ahora no hay ninguna)
        [one] Cerrar mi otra sesión
       *[other] Cerrar mis otras { $n } sesiones
    }
change-password-end-others-hint = Es lo recomendable, sobre todo si alguien puede conocer tu contraseña anterior. Aquí seguirás con la sesión iniciada.
change-password-submit = Cambiar contraseña
flash-password-changed =
    { $n ->
        [0] Tu contraseña se ha cambiado. No había otras sesiones que cerrar.
        [one] Tu contraseña se ha cambiado. Se ha cerrado otra sesión.
       *[other] Tu contraseña se ha cambiado. Se han cerrado otras { $n } sesiones.
    }
flash-password-changed-kept = Tu contraseña se ha cambiado. Tus otras sesiones siguen abiertas.

## Cuenta

account-title = Tu cuenta
account-about = Sobre ti
account-role = Función
account-member-since = Cuenta creada
account-last-sign-in = Último inicio de sesión
account-password-changed = Cambio de contraseña
account-change-password = Cambiar contraseña
role-user = Usuario
role-admin = Administrador
sessions-title = Dónde tienes la sesión iniciada
sessions-intro = Si no reconoces alguna, cambia tu contraseña: así se cerrará.
sessions-browser = Navegador
sessions-ip = Dirección IP
sessions-signed-in = Iniciada
sessions-last-seen = Última actividad
sessions-how = Vía
sessions-this-device = Este dispositivo
transport-cookie = Página web
transport-bearer = API
unknown-browser = Navegador desconocido
browser-on-system = { $browser } en { $system }
sessions-limit =
    { $n ->
        [one] Los programas pueden tener { $n } sesión a la vez; con una más se cierra la más antigua.
       *[other] Los programas pueden tener { $n } sesiones a la vez; con una más se cierra la más antigua.
    }
sessions-odd = Inusual
sessions-actions = Más
sessions-end-others = Cerrar las demás sesiones
story-link = Historia
story-link-of = Historia de la sesión { $session }
end-session = Terminarla
end-session-of = Terminar la sesión { $session }

## La historia de una sesión

story-title = Sesión
story-of = Una sesión de { $user }, paso a paso.
story-facts = La sesión
story-steps = Historia
story-intro = Cada línea del dibujo es un navegador en una dirección; cada número es una fila de la tabla.
story-picture = Los pasos de esta sesión en orden, como están en la tabla
story-what = Qué
story-when = Cuándo
story-to = hasta
story-end = Final:
story-ended = Terminada
story-back = Volver a la lista
step-signed-in = Inicio de sesión
step-renewed =
    { $n ->
        [one] Renovada
       *[other] Renovada { $n } veces
    }
step-repeated =
    { $n ->
        [one] Renovada otra vez al momento: una segunda pestaña o un doble clic
       *[other] Renovada otra vez al momento { $n } veces: otras pestañas o dobles clics
    }
step-repeated-odd = Renovada otra vez al momento, por otro navegador
step-retried =
    { $n ->
        [one] Renovada otra vez: la primera respuesta no llegó
       *[other] Renovada otra vez { $n } veces: las respuestas no llegaron
    }
step-confirmed =
    { $n ->
        [one] Confirmada con la contraseña
       *[other] Confirmada con la contraseña { $n } veces
    }
step-reused = Presentó un token ya usado

## Cerrar sesiones

end-session-title = ¿Terminar esta sesión?
end-session-intro = Termina al momento: su siguiente clic lleva a la página de inicio de sesión.
end-session-intro-of = Esta sesión de { $user } termina al momento: su siguiente clic lleva a la página de inicio de sesión.
end-sessions-title = Cerrar sesiones
end-sessions-of = Todas las sesiones de { $user } terminan al momento.
end-sessions-since = Terminan al momento las sesiones de todo el mundo iniciadas desde
end-sessions-count =
    { $n ->
        [0] No hay ninguna que cerrar.
        [one] Es una sesión.
       *[other] Son { $n } sesiones.
    }
end-sessions-own-stays = Tu propia sesión aquí sigue abierta.
end-sessions-submit =
    { $n ->
        [one] Cerrar una sesión
       *[other] Cerrar { $n } sesiones
    }
end-sessions-ask = Tras un incidente: cierra todas las sesiones iniciadas desde un momento. Antes de que pase nada verás cuántas son.
end-sessions-moment = Iniciadas desde ({ $zone })
end-sessions-look = Contarlas
flash-nothing-ended = Ya no había nada que cerrar.
error-moment = Escribe una fecha y una hora, como 2026-11-25T10:00

## El comprobante

receipt-title = Comprobante
receipt-heading =
    { $n ->
        [one] Se ha cerrado una sesión
       *[other] Se han cerrado { $n } sesiones
    }
receipt-refused-since = Todo lo suyo, tanto los tokens de acceso como los de renovación, se rechaza aquí desde
receipt-elsewhere = Las aplicaciones que comprueban los tokens por su cuenta pueden aceptar un token de acceso hasta
receipt-elsewhere-hint = Las aplicaciones que preguntan a Portero ya lo rechazan.
receipt-over = Ya no se puede aceptar nada.
receipt-over-hint = El último token de acceso ha caducado, también para las aplicaciones que comprueban por su cuenta.
receipt-facts = Sobre este acto
receipt-made = Página hecha
receipt-id = Comprobante
receipt-caption = Lo que se cerró
receipt-access-until = Token de acceso hasta
receipt-refresh-until = Token de renovación hasta
receipt-run-out = caducado
receipt-checked = Comprobado ahora
receipt-refused = Rechazada
receipt-not-refused = No rechazada
receipt-more =
    { $n ->
        [one] Y una sesión más.
       *[other] Y { $n } sesiones más.
    }
receipt-link = Comprobante

## Sesiones abiertas

open-title = Sesiones abiertas
open-intro = Todo el mundo que tiene ahora la sesión iniciada, primero lo más reciente.
open-caption = Sesiones abiertas, primero las más recientes
open-empty = Ninguna sesión coincide.
open-only-odd = Solo las inusuales
open-end-all-of = Cerrar todas las sesiones de { $user }
open-end-since = Cerrar todas desde un momento
filter-from = Desde ({ $zone })
filter-until = Hasta ({ $zone })

## Cerrar sesión, idioma

logout-title = ¿Cerrar sesión?
logout-text = Tu sesión en este navegador terminará al momento. Tus otras sesiones seguirán abiertas.
logout-this = Solo aquí, en este navegador
logout-others =
    { $n ->
        [one] Solo en mi otra sesión
       *[other] Solo en mis otras { $n } sesiones
    }
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
revoked-intro = Lo que terminó antes de tiempo, y por qué. Lo que está en vigor se rechaza en cada petición.
revoked-caption = Sesiones y tokens revocados, primero los más recientes
revoked-filter-label = Filtrar la lista
revoked-filter = Filtrar
revoked-show-all = Mostrar todo
revoked-user = Usuario
revoked-what = Qué
revoked-when = Cuándo
revoked-why = Motivo
revoked-by = Por
revoked-until = Importa hasta
revoked-in-force = En vigor
revoked-no-longer = Ya no importa
revoked-empty = No hay nada que mostrar. Aquí aparecen los cierres de sesión, los cambios de contraseña y las sesiones terminadas.
revoked-user-unknown = No hay ningún usuario llamado «{ $user }».
pager-label = Páginas
pager-newest = Más recientes
pager-older = Anteriores
reason-any = Cualquier motivo
reason-logout = Sesión cerrada
reason-password_change = Cambio de contraseña
reason-replaced = Nuevo inicio de sesión en el mismo navegador
reason-ended_by_user = Terminada por el usuario
reason-ended_by_admin = Terminada por un administrador
reason-disabled = Cuenta desactivada
reason-expired = Se le acabó el tiempo
reason-idle = Demasiado tiempo sin uso
reason-limit = Demasiadas sesiones de programas
reason-reuse = Token ya usado presentado otra vez
reason-lost = Respuesta perdida en el camino
reason-superseded = Sustituido por un token más reciente
reason-revoked_by_app = Revocada por una aplicación
what-session = Sesión completa
what-any = Sesiones y tokens
what-token = Token suelto
what-access = Token de acceso
what-refresh = Token de renovación
by-user = El usuario
by-system = Portero
by-operator = Línea de órdenes
by-app = Una aplicación

## Qué falló en un formulario

# Va delante del título de la página y del error de cada campo.
error-prefix = Error:{" "}
error-summary-title = Hay un problema
error-bad-credentials = Nombre de usuario o contraseña incorrectos
error-disabled = Esta cuenta está desactivada. Un administrador puede volver a activarla.
error-username-required = Escribe tu nombre de usuario
error-password-required = Escribe tu contraseña
error-current-password-required = Escribe tu contraseña actual
error-new-password-required = Escribe la contraseña nueva
error-password-incorrect = Contraseña incorrecta
error-password-too-short =
    { $n ->
        [one] La contraseña nueva es demasiado corta. Usa al menos { $n } carácter
       *[other] La contraseña nueva es demasiado corta. Usa al menos { $n } caracteres
    }
error-password-too-long =
    { $n ->
        [one] La contraseña nueva es demasiado larga. Usa como máximo { $n } carácter
       *[other] La contraseña nueva es demasiado larga. Usa como máximo { $n } caracteres
    }
error-password-guessable = La contraseña nueva es demasiado fácil de adivinar. Añade una o dos palabras, o deja que tu gestor de contraseñas cree una
error-password-same = La contraseña nueva es igual que la actual. Elige otra
error-passwords-differ = Las dos contraseñas nuevas no coinciden
error-username-length = Un nombre de usuario tiene entre 1 y 64 caracteres
error-username-characters = Usa solo letras, cifras, puntos, guiones, guiones bajos, + y @, con una letra o una cifra al principio y al final
error-form-expired = El formulario había caducado. No se ha cambiado nada; envíalo otra vez.

## Páginas de error

error-home = Ir a la página de inicio
error-request-id = Id. de la petición
error-400-title = No se entiende la petición
error-400-text = Algo faltaba o estaba mal escrito. Vuelve atrás e inténtalo de nuevo.
error-401-title = Inicia sesión
error-401-text = Esta página es para quien ha iniciado sesión.
error-403-title = No disponible para esta cuenta
error-403-text = Tu cuenta no puede abrir esta página. Si crees que debería, habla con un administrador.
error-403-csrf-title = Envíalo otra vez
error-403-csrf-text = No venía de una página nuestra que siga siendo válida, así que no se ha cambiado nada. Vuelve atrás, recarga la página e inténtalo de nuevo.
error-404-title = Página no encontrada
error-404-text = No hay nada en esta dirección. Comprueba que esté bien escrita.
error-405-title = Aquí eso no funciona
error-405-text = Esta dirección no se puede usar de ese modo. No se ha cambiado nada.
error-408-title = Ha tardado demasiado
error-408-text = La petición no llegó a tiempo. Comprueba tu conexión e inténtalo de nuevo.
error-410-title = Este enlace ya no funciona
error-410-text = Ya se ha usado o ha caducado. Si todavía lo necesitas, pide uno nuevo.
error-413-title = Es demasiado grande
error-413-text = Lo enviado supera lo que Portero acepta. No se ha cambiado nada.
error-415-title = Formato desconocido
error-415-text = Portero no puede leer lo enviado en este formato. No se ha cambiado nada.
error-500-title = Algo ha fallado
error-500-text = El error es nuestro y ha quedado registrado. Si se repite, da a quien administra Portero el identificador de la petición que ves abajo.
error-429-title = Demasiados intentos
error-429-text =
    { $n ->
        [one] Vuelve a intentarlo dentro de { $n } segundo.
       *[other] Vuelve a intentarlo dentro de { $n } segundos.
    }
# On a form, in place of trying the password.
error-throttled =
    { $n ->
        [one] Demasiados intentos. No se ha comprobado nada: vuelve a intentarlo dentro de { $n } segundo.
       *[other] Demasiados intentos. No se ha comprobado nada: vuelve a intentarlo dentro de { $n } segundos.
    }
error-503-title = Ahora mismo no es posible
error-503-text = Portero no puede responder con seguridad en este momento. No se ha perdido nada: inténtalo de nuevo en unos segundos.
