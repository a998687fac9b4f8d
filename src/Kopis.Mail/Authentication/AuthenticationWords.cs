namespace Kopis.Mail.Authentication;

/// <summary>The words of results.</summary>
public static class AuthenticationWords
{
    /// <summary>A result as Authentication-Results has it (RFC 8601 §2.7).</summary>
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
