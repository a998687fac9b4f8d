using System.Net;
using Kopis.Mail.Sasl;
using Kopis.Net.Tls;
using Kopis.Server.Smtp;
using Kopis.Users.Logins;

namespace Kopis.Server.Submission;

/// <summary>The mechanisms by which a client may log in.</summary>
internal static class LoginOffer
{
    /// <summary>The mechanisms of a session; null if AUTH is not offered. Passwords are not
    /// requested if others can read them.</summary>
    internal static SaslOffer? To(
        ClientInfo client, TlsInfo? tls, SaslService? logins, SubmissionSettings settings)
    {
        bool isSafe = tls is not null
            || (settings.AuthOverLoopback
                && client.Address is { } peer && IPAddress.IsLoopback(peer));
        SaslOffer? offer = isSafe && logins is not null
            ? new SaslOffer(logins.Mechanisms(settings.Mechanisms), tls?.EndPointBinding)
            : null;
        return offer is { IsEmpty: false } ? offer : null;
    }
}
