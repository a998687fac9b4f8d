namespace Kopis.Mail.Authentication;

/// <summary>The words for results.</summary>
public static class AuthenticationWords
{
    /// <summary>The word of a result in Authentication-Results (RFC 8601 §2.7).</summary>
    public static string Of(AuthenticationResult result) => result switch
    {
        AuthenticationResult.None => "none",
        AuthenticationResult.Pass => "pass",
        AuthenticationResult.Fail => "fail",
        AuthenticationResult.SoftFail => "softfail",
        AuthenticationResult.Neutral => "neutral",
        AuthenticationResult.Policy => "policy",
        AuthenticationResult.TempError => "temperror",
        _ => "permerror",
    };
}
