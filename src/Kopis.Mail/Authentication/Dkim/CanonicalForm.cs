namespace Kopis.Mail.Authentication.Dkim;

/// <summary>How much a message may change on its way (RFC 6376 §3.4).</summary>
public enum CanonicalForm
{
    /// <summary>Nothing but empty lines at the end of the body.</summary>
    Simple,

    /// <summary>Blanks, folds and the case of field names.</summary>
    Relaxed,
}
