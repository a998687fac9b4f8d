using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Smtp;

namespace Kopis.Server.Checks;

/// <summary>Decides what follows from the results of checks, in their fixed order: iprev, SPF,
/// DKIM, DMARC. The first check that refuses decides. A check that DNS left unfinished can only
/// defer. Pure.</summary>
internal static class CheckJudge
{
    /// <summary>The refusal; null if the message is accepted.</summary>
    internal static SmtpAnswer? Refusal(CheckSettings settings, CheckResults results)
    {
        SmtpAnswer? first = null;
        foreach ((CheckAction action, AuthenticationResult result, string status, string words)
            in InOrder(settings, results))
        {
            first ??= Answer(action, result, status, words);
        }

        return first;
    }

    private static IEnumerable<(CheckAction, AuthenticationResult, string, string)> InOrder(
        CheckSettings settings, CheckResults results)
    {
        // The enhanced status codes are those of RFC 7372.
        if (results.ReverseName is { } name)
        {
            yield return (settings.ReverseName, name.Result, "5.7.25",
                "sorry, your address has no name that resolves back to it");
        }

        if (results.Spf is { } spf)
        {
            yield return (settings.Spf, spf.Result, "5.7.23",
                "sorry, the sender's domain does not let your address send for it (SPF)");
        }

        if (results.Dkim is { Count: > 0 } signatures)
        {
            yield return (settings.Dkim, Best(signatures.Select(one => one.Result)), "5.7.20",
                "sorry, no signature of this message is right (DKIM)");
        }

        if (results.Dmarc is { } dmarc)
        {
            CheckAction action = settings.Dmarc != CheckAction.Policy ? settings.Dmarc
                : dmarc.Result == AuthenticationResult.TempError ? CheckAction.Defer
                : dmarc.Disposition == DmarcPolicy.Reject ? CheckAction.Reject
                : CheckAction.Tag;
            yield return (action, dmarc.Result, "5.7.26",
                "sorry, neither SPF nor DKIM speaks for the domain of From (DMARC)");
        }
    }

    private static SmtpAnswer? Answer(
        CheckAction action, AuthenticationResult result, string status, string words) =>
        action is not (CheckAction.Defer or CheckAction.Reject) ? null
        : result == AuthenticationResult.TempError
            ? new SmtpAnswer("451 4.4.3 sorry, DNS does not answer what I ask about this message")
        : result is not (AuthenticationResult.Fail or AuthenticationResult.PermError) ? null
        : action == CheckAction.Reject ? new SmtpAnswer($"550 {status} {words}")
        : new SmtpAnswer($"451 4{status[1..]} {words}");

    // One valid signature is enough; else one that may still be valid counts.
    private static AuthenticationResult Best(IEnumerable<AuthenticationResult> results)
    {
        AuthenticationResult[] all = [.. results];
        return all.Contains(AuthenticationResult.Pass) ? AuthenticationResult.Pass
            : all.Contains(AuthenticationResult.TempError) ? AuthenticationResult.TempError
            : all.Contains(AuthenticationResult.Neutral) ? AuthenticationResult.Neutral
            : AuthenticationResult.Fail;
    }
}
