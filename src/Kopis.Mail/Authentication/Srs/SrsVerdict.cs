namespace Kopis.Mail.Authentication.Srs;

/// <summary>The verdict on an address of SRS.</summary>
public enum SrsVerdict
{
    /// <summary>It is not an address of SRS.</summary>
    NotSrs,

    /// <summary>It is ours and still valid.</summary>
    Good,

    /// <summary>It was not made with our key, or was changed.</summary>
    Forged,

    /// <summary>It was ours, but has expired.</summary>
    Expired,
}
