namespace Kopis.Mail.Authentication.Srs;

/// <summary>What an address of SRS is worth.</summary>
public enum SrsVerdict
{
    /// <summary>It is none of SRS.</summary>
    NotSrs,

    /// <summary>It is ours and in time.</summary>
    Good,

    /// <summary>Its key is not ours, or it was changed.</summary>
    Forged,

    /// <summary>It was ours, too long ago.</summary>
    Expired,
}
