namespace Kopis.Mail.Dsn;

/// <summary>The result of parsing one ESMTP parameter.</summary>
public enum ParameterStatus : byte
{
    /// <summary>It is known and valid.</summary>
    Taken,

    /// <summary>It is not one that the queue keeps.</summary>
    Unknown,

    /// <summary>It is known, but its value is wrong or it came twice: 501 5.5.4.</summary>
    Bad,
}
