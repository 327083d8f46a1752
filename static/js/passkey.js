// Passkeys: which button starts which ceremony of allauth's own script.
(() => {
  const has = (id) => document.getElementById(id)
  const forms = window.allauth.webauthn.forms
  const credential = 'passkey-credential'
  const [data, alone] = ['passkey-options', 'passkey-alone']
  if (has('passkey-login')) forms.loginForm({ ids: { login: 'passkey-login', credential } })
  if (has('passkey-answer')) forms.authenticateForm({ ids: { authenticate: 'passkey-answer', credential, data } })
  if (has('passkey-add')) forms.addForm({ ids: { add: 'passkey-add', credential, data, passwordless: alone } })
  document.addEventListener('allauth.error', (event) => {
    event.preventDefault()
    has('passkey-trouble').hidden = false
  })
})()
