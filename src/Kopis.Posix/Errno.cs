namespace Kopis.Posix;

/// <summary>Linux error numbers on which some code decides.</summary>
public static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int NoProcess = 3;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int NoDeviceOrAddress = 6;
    public const int Again = 11;
    public const int NoMemory = 12;
    public const int Access = 13;
    public const int Exists = 17;
    public const int NotDirectory = 20;
    public const int IsDirectory = 21;
    public const int FileTooLarge = 27;
    public const int NoSpace = 28;
    public const int IllegalSeek = 29;
    public const int ReadOnly = 30;
    public const int BrokenPipe = 32;
    public const int NameTooLong = 36;
    public const int NoSystemCall = 38;
    public const int Loop = 40;
    public const int Protocol = 71;
    public const int NotSupported = 95;
    public const int NoSuchFamily = 97;
    public const int TimedOut = 110;
    public const int Quota = 122;
}
