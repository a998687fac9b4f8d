namespace Kopis.Host.Install;

/// <summary>What an entry of the manifest is.</summary>
public enum HomeEntryKind
{
    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A named pipe.</summary>
    Fifo,

    /// <summary>A regular file, empty at first.</summary>
    File,
}
