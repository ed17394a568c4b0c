// A certified OpenID Connect provider for tests: `node provider.mjs MODULES CONFIGURATION`.
//
// MODULES is the folder node_modules. CONFIGURATION is JSON: the issuer, one client, the signing keys, and the claims of each
// account. Whoever signs in says which account; there is no password. The port is printed once it listens.
import { pathToFileURL } from 'node:url';

const [, , modules, configuration] = process.argv;
const { issuer, client, keys, accounts } = JSON.parse(configuration);
const { default: Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`));

const provider = new Provider(issuer, {
  clients: [client],
  jwks: { keys },
  cookies: { keys: ['of the test only'] },
  pkce: { methods: ['S256'], required: () => true },
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name', 'given_name', 'family_name', 'groups'],
  },
  features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
  async findAccount(_, id) {
    return accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) };
  },
  // Nobody is asked for consent: the district has given it.
  async loadExistingGrant({ oidc }) {
    const known = oidc.session.grantIdFor(oidc.client.clientId);
    if (known) return oidc.provider.Grant.find(known);
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
});

const server = provider.listen(0, '127.0.0.1', () => console.log(server.address().port));
