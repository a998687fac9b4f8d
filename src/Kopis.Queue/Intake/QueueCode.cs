namespace Kopis.Queue.Intake;

/// <summary>Exit codes of qmail-queue that Kopis itself gives (contract §5.1).</summary>
public static class QueueCode
{
    public const int AddressTooLong = 11;
    public const int Rejected = 31;
    public const int OutOfMemory = 51;
    public const int Timeout = 52;
    public const int WriteError = 53;
    public const int ReadError = 54;
    public const int NoConnection = 56;
    public const int HomeMissing = 61;
    public const int ConnectionLost = 74;
    public const int CustomText = 82;
    public const int EnvelopeFormat = 91;
    public const int CannotRun = 120;

    /// <summary>Not an exit code: a program in place of qmail-queue was killed by a signal.
    /// </summary>
    public const int KilledBySignal = 256;
}
