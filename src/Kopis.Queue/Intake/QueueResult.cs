namespace Kopis.Queue.Intake;

/// <summary>The text that all callers print for an exit code of qmail-queue (contract §5.1).
/// </summary>
public static class QueueResult
{
    /// <summary>
    /// The text with its leading letter, D for permanent or Z for temporary, without a line end.
    /// </summary>
    public static string Describe(int code) => code switch
    {
        11 or 115 => "Denvelope address too long for qq (#5.1.3)",
        31 => "Dmail server permanently rejected message (#5.3.0)",
        51 => "Zqq out of memory (#4.3.0)",
        52 => "Zqq timeout (#4.3.0)",
        53 => "Zqq write error or disk full (#4.3.0)",
        0 or 54 => "Zqq read error (#4.3.0)",
        55 => "Zqq unable to read configuration (#4.3.0)",
        56 => "Zqq trouble making network connection (#4.3.0)",
        61 => "Zqq trouble in home directory (#4.3.0)",
        >= 62 and <= 66 => "Zqq trouble creating files in queue (#4.3.0)",
        71 => "Zmail server temporarily rejected message (#4.3.0)",
        72 => "Zconnection to mail server timed out (#4.4.1)",
        73 => "Zconnection to mail server rejected (#4.4.1)",
        74 => "Zcommunication with mail server failed (#4.4.2)",
        81 or 91 => "Zqq internal bug (#4.3.0)",
        120 => "Zunable to exec qq (#4.3.0)",
        QueueCode.KilledBySignal => "Zqq crashed (#4.3.0)",
        >= 11 and <= 40 => "Dqq permanent problem (#5.3.0)",
        _ => "Zqq temporary problem (#4.3.0)",
    };
}
