### Todo lo que Portero dice a las personas, en español. Las claves son las de en.ftl; una prueba las compara.

## En todas las páginas

language-name = Español
meta-description = Inicia sesión en { $site } y mira dónde la tienes abierta.
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
page-address = Dirección de esta página

## Campos

label-username = Nombre de usuario
label-password = Contraseña
label-password-choose = Contraseña
label-password-choose-again = Repite la contraseña
label-current-password = Contraseña actual
label-new-password = Contraseña nueva
label-new-password-again = Repite la contraseña nueva
hint-username = Letras y cifras de cualquier alfabeto; entre ellas también puntos, guiones, guiones bajos, apóstrofos, + y @, y una barra invertida tras un dominio. Hasta 64 caracteres.
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
notice-reuse = Una de tus sesiones se cerró porque alguien presentó de nuevo una llave ya usada: puede que la hayan copiado, o que tu navegador haya vuelto con cookies antiguas. Si no sabes a qué se debe, cambia tu contraseña.
notice-guessing = Una de tus sesiones se cerró porque en ella se escribió demasiadas veces seguidas una contraseña incorrecta. Si no fuiste tú, puede que alguien haya copiado su llave: cambia tu contraseña.
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
unknown-address = Desconocida
unknown-browser = Navegador desconocido
browser-on-system = { $browser } en { $system }
sessions-limit-browsers =
    { $n ->
        [one] Solo puede haber { $n } sesión de navegador a la vez; una nueva cierra la anterior.
       *[other] Puede haber hasta { $n } sesiones de navegador a la vez; una nueva cierra la más antigua.
    }
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
end-session = Terminar la sesión
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
step-recovered =
    { $n ->
        [one] El navegador volvió con cookies antiguas y recibió otras nuevas
       *[other] El navegador volvió { $n } veces con cookies antiguas y recibió otras nuevas
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
flash-recovered = Tu navegador volvió con cookies antiguas, como tras un cierre inesperado, y tu sesión sigue abierta. Si no se cerró así, puede que alguien las haya copiado: cambia tu contraseña.

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
reason-deleted = Cuenta eliminada
reason-renamed = Nombre de la cuenta cambiado
reason-expired = Se le acabó el tiempo
reason-idle = Demasiado tiempo sin uso
reason-limit = Demasiadas sesiones
reason-reuse = Token ya usado presentado otra vez
reason-guessing = Demasiadas contraseñas incorrectas seguidas
reason-lost = Respuesta perdida en el camino
reason-forgotten = El navegador volvió con cookies antiguas
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
error-current-password-too = Escribe también tu contraseña actual. Todavía no se ha cambiado nada
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
error-password-user-name = La contraseña nueva es demasiado fácil de adivinar: aparte de tu nombre de usuario le queda muy poco. Añade una o dos palabras, o deja que tu gestor de contraseñas cree una
error-password-site-word = La contraseña nueva es demasiado fácil de adivinar: aparte del nombre de este sitio, o de una palabra relacionada con él, le queda muy poco. Añade una o dos palabras, o deja que tu gestor de contraseñas cree una
error-password-phrase = La contraseña nueva es demasiado fácil de adivinar: es una frase muy conocida. Añade una o dos palabras, o deja que tu gestor de contraseñas cree una
error-password-same = La contraseña nueva es igual que la actual. Elige otra
error-passwords-differ = Las dos contraseñas nuevas no coinciden
error-username-length = Un nombre de usuario tiene entre 1 y 64 caracteres
error-username-characters = Usa solo letras, cifras, puntos, guiones, guiones bajos, apóstrofos, + y @, y una barra invertida tras un dominio. Empieza con una letra, una cifra o un guion bajo, y termina con una letra o una cifra
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
error-403-csrf-text = La página de la que venía ya no es válida, por ejemplo porque has vuelto a iniciar sesión, así que no se ha cambiado nada. Vuelve atrás, recarga la página e inténtalo otra vez.
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
error-421-title = Dirección equivocada
error-421-text = Este servidor está en { $address }. No se ha cambiado nada.
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
error-503-still-open-title = Sesión cerrada solo en este navegador
error-503-still-open-text = Este navegador ya no tiene tu sesión, pero Portero no ha podido guardarlo, así que allí sigue abierta. Nadie puede usarla desde este navegador. Dentro de un rato, vuelve a iniciar sesión y termínala en «Tu cuenta», o pide a alguien con permisos de administración que la termine.

## One-time links

link-invited-title = Te damos la bienvenida: elige tu contraseña
link-invited-intro = Te han invitado como { $user }. Este enlace solo funciona una vez.
link-new-password-title = Elige una contraseña nueva
link-new-password-intro = Para { $user }. Este enlace solo funciona una vez; al usarlo se cierran todas las sesiones de esta cuenta.
link-submit = Guardar contraseña y entrar
flash-invited = ¡Te damos la bienvenida! Tu contraseña está guardada y ya has iniciado sesión.
flash-new-password =
    { $n ->
        [0] Tu contraseña nueva está guardada y ya has iniciado sesión. No había ninguna otra sesión abierta.
        [one] Tu contraseña nueva está guardada y ya has iniciado sesión. Se ha cerrado otra sesión.
       *[other] Tu contraseña nueva está guardada y ya has iniciado sesión. Se han cerrado otras { $n } sesiones.
    }
help-title = ¿No puedes entrar?
help-text = Pregunta a un administrador de este sitio: puede darte un enlace con el que eliges una contraseña nueva. Nadie más puede ver ni poner tu contraseña.
help-back = Volver al inicio de sesión

## Users, for administrators

nav-users = Usuarios
nav-about = Acerca de
users-title = Usuarios
users-search-label = Buscar
users-name-begins = El nombre empieza por
users-search = Buscar
users-empty = Ningún nombre empieza así.
users-empty-deleted = No hay ningún usuario eliminado así.
users-state = Mostrar
users-state-present = Todos los que tienen cuenta
users-state-deleted = Usuarios eliminados
users-caption = Por nombre
users-add = Añadir un usuario
pager-first = Primera página
pager-next = Página siguiente
user-state = Estado
user-state-enabled = Activo
user-state-disabled = Desactivado
user-state-deleted = Eliminado
user-state-invited = Invitado
user-until = hasta
user-open-sessions = Sesiones abiertas
user-uid = Identificador permanente
user-acts = Qué puedes hacer
user-back = Volver a los usuarios
user-end-sessions-link = Cerrar todas las sesiones…
user-link-link = Dar un enlace para elegir contraseña…
user-link-title = Un enlace para { $user }
user-link-intro = Recibes un enlace para entregar a { $user }, con el que elige una contraseña nueva. Al usarlo se cierran todas sus sesiones. Cualquier enlace anterior deja de funcionar.
user-link-submit = Crear un enlace
user-link-done = Hecho.
user-make-admin-link = Hacer administrador…
user-make-admin-title = ¿Hacer administrador a { $user }?
user-make-admin-intro = { $user } podrá ver y cerrar las sesiones de todos, y añadir, desactivar y eliminar usuarios.
user-make-admin-submit = Hacer administrador
user-make-admin-done = { $user } ahora es administrador.
user-make-user-link = Quitar los derechos de administrador…
user-make-user-title = ¿Quitar los derechos de administrador a { $user }?
user-make-user-intro = { $user } sigue con su sesión abierta, pero desde el próximo clic no ve ninguna página de administrador.
user-make-user-submit = Quitar los derechos
user-make-user-done = { $user } ya no es administrador.
user-schedule-link = Poner fecha de desactivación…
user-schedule-title = ¿Cuándo se desactiva { $user }?
user-schedule-intro = Desde ese momento { $user } no puede iniciar sesión y todas sus sesiones se acaban.
user-schedule-now = Puesta ahora:
user-schedule-date = Fecha y hora ({ $zone })
user-schedule-hint = Déjalo vacío para no poner ninguna.
user-schedule-submit = Poner fecha
user-schedule-done = Se ha fijado la fecha de desactivación de { $user }.
user-schedule-cleared = { $user } ya no tiene fecha de desactivación.
user-disable-link = Desactivar…
user-disable-title = ¿Desactivar a { $user }?
user-disable-intro = { $user } no podrá iniciar sesión hasta que actives de nuevo la cuenta. Todas sus sesiones se cierran de inmediato.
user-disable-submit = Desactivar
user-disable-done =
    { $n ->
        [0] Se ha desactivado a { $user }. No había sesiones abiertas.
        [one] Se ha desactivado a { $user }. Se ha cerrado una sesión.
       *[other] Se ha desactivado a { $user }. Se han cerrado { $n } sesiones.
    }
user-enable-link = Activar…
user-enable-title = ¿Activar a { $user }?
user-enable-intro = { $user } puede volver a iniciar sesión, con la misma contraseña.
user-enable-submit = Activar
user-enable-done = { $user } puede volver a iniciar sesión.
user-delete-link = Eliminar…
user-delete-title = ¿Eliminar a { $user }?
user-delete-intro = { $user } ya no podrá iniciar sesión y todas sus sesiones se cierran de inmediato. El nombre queda reservado, para que nadie pueda confundirse después con { $user }. La cuenta se puede restaurar, pero no su contraseña, ni sus sesiones, ni sus derechos.
user-delete-type = Escribe { $user } para confirmar
user-delete-submit = Eliminar
user-delete-done =
    { $n ->
        [0] Se ha eliminado a { $user }. No había sesiones abiertas.
        [one] Se ha eliminado a { $user }. Se ha cerrado una sesión.
       *[other] Se ha eliminado a { $user }. Se han cerrado { $n } sesiones.
    }
user-rename-link = Cambiar el nombre…
user-rename-title = Cambiar el nombre de { $user }
user-rename-intro = El nombre nuevo de { $user }. Antes de cambiar nada se te pregunta otra vez.
user-rename-new = Nombre de usuario nuevo
user-rename-look = Continuar
user-rename-confirm = ¿Cambiar el nombre de { $user } a { $new }?
user-rename-confirm-intro = Desde ese momento inicia sesión como { $new }, con la misma contraseña. Todas sus sesiones se cierran de inmediato. El nombre { $user } sigue siendo suyo: nadie más puede obtenerlo.
user-rename-submit = Cambiar el nombre
user-rename-done =
    { $n ->
        [0] Este usuario ahora se llama { $user }. No había sesiones abiertas.
        [one] Este usuario ahora se llama { $user }. Se ha cerrado una sesión.
       *[other] Este usuario ahora se llama { $user }. Se han cerrado { $n } sesiones.
    }
user-past-names = Nombres anteriores
user-restore-link = Restaurar la cuenta…
user-restore-title = ¿Restaurar a { $user }?
user-restore-intro = { $user } vuelve a ser un usuario normal. Recibes un enlace para entregar, con el que elige una contraseña nueva. No vuelve ninguna contraseña, sesión, token ni derecho de antes.
user-restore-submit = Restaurar y obtener el enlace
user-restore-done = Se ha restaurado la cuenta de { $user }.
flash-user-no-change = No se ha cambiado nada: { $user } ya estaba así.
add-user-intro = Recibes un enlace para entregar, con el que la persona elige su contraseña. Tú nunca la conoces.
add-user-admin = Como administrador
add-user-admin-hint = Los administradores ven y cierran las sesiones de todos, y gestionan los usuarios.
add-user-submit = Añadir y obtener el enlace
made-link-invitation = Usuario añadido: { $user }
made-link-new-password = Un enlace para { $user }
made-link-intro = Entrega este enlace a { $user } por un medio que solo esa persona pueda leer. Se muestra esta única vez.
made-link-label = Enlace
made-link-until = Vale hasta
made-link-once = Funciona una vez.
made-link-lacks-base = Portero no sabe por qué dirección se llega a él, así que esto es solo el final del enlace. Pon delante la dirección que muestra tu navegador, como http://portero.lan:8080. Los enlaces serán completos cuando se configure public_url.
error-name-taken = Ya hay un usuario con ese nombre.
error-name-deleted = El usuario con ese nombre se eliminó el { $when }, y el nombre sigue reservado. Puedes restaurar la cuenta: está en la lista de usuarios eliminados.
error-name-lookalike = Este nombre se parece a { $user } y podrían confundirse. Elige un nombre que se distinga mejor.
error-name-past = { $user } tuvo ese nombre hasta el { $when }, y sigue siendo suyo.
error-user-deleted = Este usuario se eliminó el { $when }. Solo se puede restaurar la cuenta.
error-user-not-deleted = Este usuario no está eliminado.
error-name-differs = Ese no es el nombre.
error-last-admin = Es el último administrador: nadie podría dejar entrar a los demás.
error-user-is-out = El usuario está desactivado: activa primero la cuenta.
error-moment-past = Ese momento ya pasó. Elige uno posterior o déjalo vacío.

## The audit log

nav-audit = Auditoría
audit-title = Registro de auditoría
audit-intro = Todo lo que quedó registrado, de lo más reciente a lo más antiguo. Nadie puede cambiar ni borrar un registro sin que se note.
audit-caption = Eventos registrados, los más recientes primero
audit-what = Qué
audit-user = A quién afecta
audit-when = Cuándo
audit-by = Hecho por
audit-from = Desde
audit-session = Sesión
audit-any = Cualquier cosa
audit-empty = Ningún evento coincide.
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
event-link-new_password = Para una contraseña nueva
event-did-not-fit = Se esperaba el evento { $expected }, se encontró { $found }
event-signed_in = Inicio de sesión
event-sign_in_failed = Contraseña incorrecta al iniciar sesión
event-confirmed = Identidad confirmada con la contraseña
event-confirm_failed = Contraseña incorrecta al confirmar la identidad
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
event-user_disabled = Usuario desactivado
event-user_enabled = Usuario activado
event-role_changed = Rol cambiado
event-link_made = Enlace creado
event-user_deleted = Usuario eliminado
event-disable_scheduled = Fecha de desactivación fijada
event-key_added = Clave de firma añadida
event-key_rotated = Clave de firma rotada
event-key_retired = Clave de firma retirada
event-client_added = Aplicación añadida
event-client_removed = Aplicación eliminada
event-user_restored = Usuario restaurado
event-user_renamed = Usuario renombrado
event-renamed = de { $from } a { $to }
event-backup_made = Copia de seguridad hecha
event-restored = Copia de seguridad restaurada
event-backup-of = hecha el { $when }
event-audit_did_not_fit = El registro de auditoría se había recortado o cambiado
activity-title = Actividad
activity-intro = Lo que ocurrió en tu cuenta, de lo más reciente a lo más antiguo.
activity-all = Toda la actividad
activity-back = Volver a tu cuenta
user-latest = Últimos eventos
story-events = Auditoría de esta sesión

## About this installation, for administrators

about-title = Acerca de esta instalación
about-running = Qué está en marcha
about-version = Versión
about-uptime = En marcha
about-since = desde
about-database = Base de datos
about-folder = Carpeta de datos
about-prune = Última limpieza
about-not-yet = Todavía no desde el arranque
about-request = Qué ve de tu petición
about-request-hint = Detrás de un proxy, la dirección debe ser la tuya y no la del proxy.
about-address = Tu dirección
about-peer = Conectado desde
about-host = Dirección pedida
about-public-url = Los enlaces se hacen para
about-no-public-url = ninguna dirección: son solo rutas hasta que se configure public_url
about-cookies = Cookies
about-forwarded = Llegó una cabecera de reenvío desde una dirección que no está en trusted_proxies y se ignoró. Si es tu proxy, añádelo ahí.
about-settings = Ajustes en vigor
about-setting = Ajuste
about-value = Valor
about-source = De
about-source-default = por defecto
about-source-file = archivo
about-source-environment = entorno
about-source-flag = línea de órdenes
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
