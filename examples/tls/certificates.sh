#!/bin/sh
# Makes an authority of our own and a certificate for localhost, unless they are there. For a real name, take the files of your authority.
set -eu
cd "$(dirname "$0")"
[ -f tls/site.pem ] && exit 0
umask 077
mkdir -p tls
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=Authority of the example" \
  -addext "basicConstraints=critical,CA:true,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout tls/authority.key -out tls/authority.pem
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=localhost" -keyout tls/site.key -out tls/site.csr
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:false\n' > tls/site.ext
# Under another name first: what is there under the right one is whole.
openssl x509 -req -in tls/site.csr -CA tls/authority.pem -CAkey tls/authority.key -CAcreateserial -days 365 -extfile tls/site.ext -out tls/site.new
rm tls/site.csr tls/site.ext
mv tls/site.new tls/site.pem
