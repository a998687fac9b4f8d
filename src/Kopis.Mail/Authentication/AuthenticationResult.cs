namespace Kopis.Mail.Authentication;

/// <summary>A result of Authentication-Results (RFC 8601 §2.7). The zero value is none.</summary>
public enum AuthenticationResult
{
    /// <summary>There is nothing to check: no signature, or no record.</summary>
    None,

    /// <summary>It was checked, and is right.</summary>
    Pass,

    /// <summary>It was checked, and is wrong.</summary>
    Fail,

    /// <summary>SPF: probably wrong.</summary>
    SoftFail,

    /// <summary>No statement: ?all of SPF, or a signature in a form that cannot be used.</summary>
    Neutral,

    /// <summary>It is right, but not acceptable here.</summary>
    Policy,

    /// <summary>DNS did not answer. This must never cause a permanent refusal.</summary>
    TempError,

    /// <summary>The record or the signature cannot be parsed.</summary>
    PermError,
}
