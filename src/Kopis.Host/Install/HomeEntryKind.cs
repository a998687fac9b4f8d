namespace Kopis.Host.Install;

/// <summary>The kind of an entry of the manifest.</summary>
public enum HomeEntryKind
{
    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A named pipe.</summary>
    Fifo,

    /// <summary>A regular file, which is empty at first.</summary>
    File,
}
