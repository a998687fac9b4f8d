namespace Kopis.Mail.Authentication;

/// <summary>A result word of Authentication-Results (RFC 8601 §2.7). Zero is none.</summary>
public enum AuthenticationResult
{
    /// <summary>Nothing to check: not signed, no record.</summary>
    None,

    /// <summary>Checked, and right.</summary>
    Pass,

    /// <summary>Checked, and wrong.</summary>
    Fail,

    /// <summary>SPF: probably wrong.</summary>
    SoftFail,

    /// <summary>No statement: SPF's ?all; a signature in a form that cannot be used.</summary>
    Neutral,

    /// <summary>Right, but not acceptable here.</summary>
    Policy,

    /// <summary>DNS did not answer. Never a permanent refusal.</summary>
    TempError,

    /// <summary>The record or the signature is not to be understood.</summary>
    PermError,
}
