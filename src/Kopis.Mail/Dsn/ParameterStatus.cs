namespace Kopis.Mail.Dsn;

/// <summary>What became of one ESMTP parameter.</summary>
public enum ParameterStatus : byte
{
    /// <summary>Known and sound.</summary>
    Taken,

    /// <summary>None of those that the queue keeps.</summary>
    Unknown,

    /// <summary>Known, but its value is wrong or it came twice: 501 5.5.4.</summary>
    Bad,
}
