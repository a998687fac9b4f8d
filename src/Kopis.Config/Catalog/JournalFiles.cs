namespace Kopis.Config.Catalog;

/// <summary>Control files of the journal.</summary>
public static class JournalFiles
{
    private const long GiB = 1024 * 1024 * 1024;
    private const int DaysMost = 3660;

    /// <summary><c>journalbytes</c>.</summary>
    public static readonly ControlNumber Bytes = new("journalbytes", GiB)
    {
        Most = 1024 * GiB,
        Unit = "bytes",
        Readers = "qmail-journal(8)",
        Reread = Reread.Start,
        Says = "Journal: {} bytes at most.",
        Text = "How large the journal may be. The oldest file goes when it would become larger. "
            + "With 0 there is no journal. A message takes about 1,000 bytes.",
    };

    /// <summary><c>journaldays</c>.</summary>
    public static readonly ControlNumber Days = new("journaldays", 30)
    {
        Least = 1,
        Most = DaysMost,
        Unit = "days",
        Readers = "qmail-journal(8)",
        Reread = Reread.Start,
        Says = "Journal: kept for {} days.",
        Text = "How long records of the journal are kept. A file has at most a day, and goes as a "
            + "whole.",
    };

    /// <summary><c>journalsubjects</c>.</summary>
    public static readonly ControlNumber Subjects = new("journalsubjects", 0)
    {
        Most = 1,
        Readers = "qmail-smtpd(8) qmail-qmtpd(8) qmail-qmqpd(8)",
        Reread = Reread.Connection,
        Says = "Subjects in the journal: {}.",
        Text = "Whether the journal has the subjects of messages that come from the network. "
            + "With 1 it has.",
    };
}
