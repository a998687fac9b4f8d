namespace Kopis.Host.Backup;

/// <summary>The kind of a name in the home.</summary>
internal enum BackupKind : byte
{
    Directory,
    File,
    Link,
}
