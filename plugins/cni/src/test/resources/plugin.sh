#!/bin/sh
# A plugin that writes down what it is asked and answers as the test says, else politely.
home=$(dirname "$(dirname "$0")")
name=$(basename "$0")
call=$(mktemp "$home/calls/.XXXXXXXX")
{
  echo "$CNI_COMMAND"
  echo "$name"
  echo "$CNI_CONTAINERID"
  echo "$CNI_IFNAME"
  echo "$CNI_NETNS"
  echo "$CNI_ARGS"
  echo "$CNI_PATH"
  cat
} >"$call"
mv "$call" "$home/calls/$(date +%s%N)-$$"
if [ -f "$home/answers/$name.$CNI_COMMAND" ]; then
  . "$home/answers/$name.$CNI_COMMAND"
  exit $?
fi
case $CNI_COMMAND in
  VERSION) echo '{"cniVersion":"1.1.0","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}' ;;
  ADD)
    cat <<JSON
{"cniVersion":"1.1.0","from":"$name",
 "interfaces":[{"name":"br0"},{"name":"$CNI_IFNAME","mac":"02:00:00:00:00:01","mtu":1400,"sandbox":"$CNI_NETNS"}],
 "ips":[{"address":"fd00::3/64","interface":1},{"address":"10.1.2.3/24","gateway":"10.1.2.1","interface":1}],
 "routes":[{"dst":"0.0.0.0/0","gw":"10.1.2.1"}],
 "dns":{"nameservers":["10.1.2.1"],"search":["pods.example"]}}
JSON
    ;;
esac
