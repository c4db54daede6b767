import nock from "nock";

// No test can reach a broker or a cloud: only this machine's loopback answers.
nock.disableNetConnect();
nock.enableNetConnect((host) => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host));
