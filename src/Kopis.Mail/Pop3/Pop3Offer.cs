using Kopis.Mail.Sasl;

namespace Kopis.Mail.Pop3;

/// <summary>What a connection offers before the login.</summary>
/// <param name="Tls">STLS (RFC 2595); never over TLS.</param>
/// <param name="Passwords">USER and PASS. False if they would cross the network in the clear
/// although the client could use TLS.</param>
/// <param name="Sasl">The mechanisms of AUTH.</param>
public sealed record Pop3Offer(bool Tls, bool Passwords, SaslOffer Sasl);
