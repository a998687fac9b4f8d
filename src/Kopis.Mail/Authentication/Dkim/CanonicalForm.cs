namespace Kopis.Mail.Authentication.Dkim;

/// <summary>How much of a message may change on its way (RFC 6376 §3.4).</summary>
public enum CanonicalForm
{
    /// <summary>Only empty lines at the end of the body.</summary>
    Simple,

    /// <summary>Also blanks, folds and the case of field names.</summary>
    Relaxed,
}
